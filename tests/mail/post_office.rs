//! A campaign that sends over a real mail server.

use serde_json::{Value, json};
use server::email::{EmailSettings, MailServer};
use tempfile::TempDir;
pub(crate) use tests::post_office::{Mode, PostOffice, link};
use tests::{Answer, Plan, World};
use zeroize::Zeroizing;

/// A campaign with e-mail on.
pub(crate) struct Campaign {
    /// The campaign.
    pub(crate) world: World,
    /// Where the authority of its mail server lies.
    pub(crate) folder: TempDir,
}

/// What is asked for here ends in this, or in `.edu`.
pub(crate) const DOMAIN: &str = "example.org";

impl Campaign {
    /// By a plan, with room for so many invites by e-mail. Nothing is sent yet.
    pub(crate) async fn with(plan: Plan, maximum: u32) -> Self {
        let email = format!("maximum = {maximum}\ndomains = [\"{DOMAIN}\", \"*.edu\"]\n");
        let world = World::with(Plan { email: Some(email), ..plan }).await;
        Self { world, folder: TempDir::new().unwrap() }
    }

    /// The usual one, and a mail server over which it sends.
    pub(crate) async fn start(rate: u32) -> (Self, PostOffice) {
        let campaign = Self::with(Plan::default(), 5000).await;
        let office = campaign.office(0, rate, Mode::Tls);
        campaign.send_over(office.port);
        (campaign, office)
    }

    /// A mail server for it.
    pub(crate) fn office(&self, port: u16, rate: u32, mode: Mode) -> PostOffice {
        PostOffice::start(self.folder.path(), port, rate, mode)
    }

    /// Lets it send over the mail server at a port, with the right login.
    pub(crate) fn send_over(&self, port: u16) {
        self.world.deployment().begin_email(self.settings(port, "right horse")).unwrap();
    }

    /// What it is told at a start.
    pub(crate) fn settings(&self, port: u16, password: &str) -> EmailSettings {
        let login = Some(("ann".to_owned(), Zeroizing::new(password.to_owned())));
        let authorities = Some(std::fs::read(self.folder.path().join("ca.pem")).unwrap());
        let server = MailServer { url: format!("smtp://localhost:{port}"), login, authorities };
        let key = Zeroizing::new(self.world.email_key.clone().unwrap());
        EmailSettings { server, from: "post@campaign.example".to_owned(), key }
    }

    /// Asks for an invite for an address.
    pub(crate) async fn ask(&self, address: &str) -> Answer {
        self.post(&json!({ "email": address }).to_string()).await
    }

    /// Posts anything as JSON.
    pub(crate) async fn post(&self, body: &str) -> Answer {
        let request = self.world.request(reqwest::Method::POST, "/invite-by-email");
        tests::send(request.header("content-type", "application/json").body(body.to_owned())).await
    }

    /// What is said of it to everybody.
    pub(crate) async fn offer(&self) -> Value {
        serde_json::from_slice(&self.world.get("/invite-by-email").await.body).unwrap()
    }
}
