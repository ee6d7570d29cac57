//! How mail leaves: to one server of the operator's, always over TLS, with what its certificate must be and with user and
//! password if it asks. What a server answers is never told, because it may repeat an address; only its kind is.

use super::letter::Composed;
use crate::config::{EMAIL_ANSWER_TIMEOUT, EMAIL_CONNECT_TIMEOUT};
use crate::error::Error;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// The operator's mail server, as it is named at a start.
pub struct MailServer {
    /// `smtp://HOST:PORT`, with STARTTLS, or `smtps://HOST:PORT`.
    pub url: String,
    /// User and password, if it asks for them.
    pub login: Option<(String, Zeroizing<String>)>,
    /// The only authorities that may vouch for it, in PEM; without them those of the system.
    pub authorities: Option<Vec<u8>>,
}

/// What became of a mail.
pub(super) enum Carried {
    /// The server has it.
    Taken,
    /// Not now: the server said so, or the connection broke.
    Later,
    /// Never: the server, or its protocol, does not take this address.
    Never,
    /// No mail can be sent at all, for this reason.
    Unreachable(&'static str),
}

/// The way to the mail server.
pub(super) struct Carrier {
    host: String,
    port: u16,
    /// TLS from the first byte, and not by STARTTLS.
    wrapped: bool,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl Carrier {
    /// Reads the settings. `domain` is the sender's, by which this side greets.
    pub(super) fn new(server: MailServer, domain: &str) -> Result<Self, Error> {
        let refused = |why: &str| Error::Refused(why.to_owned());
        let form = || refused("the mail server is written as smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT (TLS)");
        let (scheme, place) = server.url.trim().split_once("://").ok_or_else(form)?;
        let wrapped = match scheme {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(form()),
        };
        let (host, port) = place.trim_end_matches('/').rsplit_once(':').ok_or_else(form)?;
        let port = port.parse().map_err(|_| form())?;
        if host.is_empty() || host.contains(['/', '@', ':']) {
            return Err(form());
        }
        let mut tls = TlsParameters::builder(host.to_owned());
        if let Some(pem) = &server.authorities {
            let not_pem = || refused("the file of --smtp-ca holds no certificate in PEM; choose the right file");
            if !pem.windows(BEGIN.len()).any(|part| part == BEGIN) {
                return Err(not_pem());
            }
            let authorities = Certificate::from_pem(pem).map_err(|_| not_pem())?;
            tls = tls.certificate_store(CertificateStore::None).add_root_certificate(authorities);
        }
        let tls = tls.build().map_err(|_| refused("TLS could not be set up; choose another file of certificates"))?;
        let credentials = server.login.map(|(user, password)| Credentials::new(user, password.to_string()));
        let hello = ClientId::Domain(domain.to_owned());
        Ok(Self { host: host.to_owned(), port, wrapped, tls, credentials, hello })
    }

    /// Sends a mail over the connection that is there, or over a new one, which stays for the next. A connection that
    /// had rested may have been ended by the server meanwhile: then once more over a new one.
    pub(super) async fn carry(&self, kept: &mut Option<AsyncSmtpConnection>, mail: &Composed) -> Carried {
        if let Some(connection) = kept.take()
            && let Some(carried) = self.over(connection, kept, mail).await
        {
            return carried;
        }
        let connection = match timeout(EMAIL_ANSWER_TIMEOUT, self.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(why)) => return Carried::Unreachable(why),
            Err(_) => return Carried::Unreachable("the mail server does not answer in time"),
        };
        self.over(connection, kept, mail).await.unwrap_or(Carried::Later)
    }

    /// Ends a connection that is not needed.
    pub(super) async fn part(mut connection: AsyncSmtpConnection) {
        let _ = timeout(PARTING, connection.quit()).await;
    }

    /// Sends a mail over a connection; none if it broke before the server said anything of the mail.
    async fn over(
        &self,
        mut connection: AsyncSmtpConnection,
        kept: &mut Option<AsyncSmtpConnection>,
        mail: &Composed,
    ) -> Option<Carried> {
        let sent = timeout(EMAIL_ANSWER_TIMEOUT, connection.send(&mail.envelope, &mail.bytes)).await;
        match sent {
            Ok(Ok(_)) => {
                *kept = Some(connection);
                Some(Carried::Taken)
            }
            Ok(Err(error)) => judged(&error),
            Err(_) => Some(Carried::Later),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, &'static str> {
        const NONE: &str = "the mail server cannot be reached, or speaks no SMTP there";
        const TLS: &str = "the mail server offers no TLS, or its certificate is not one that is trusted";
        let (address, wrapped) = ((self.host.as_str(), self.port), self.wrapped.then(|| self.tls.clone()));
        let connected =
            AsyncSmtpConnection::connect_tokio1(address, Some(EMAIL_CONNECT_TIMEOUT), &self.hello, wrapped, None).await;
        let mut connection = connected.map_err(|error| if error.is_tls() { TLS } else { NONE })?;
        if !self.wrapped {
            connection.starttls(self.tls.clone(), &self.hello).await.map_err(|_| TLS)?;
        }
        if let Some(credentials) = &self.credentials {
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await;
            login.map_err(|_| "the mail server does not take the user and password")?;
        }
        Ok(connection)
    }
}

/// What an error says of the mail; none if the connection broke.
fn judged(error: &smtp::Error) -> Option<Carried> {
    let code = error.status().map(u16::from);
    match code {
        Some(421) => None, // the server ends the connection, and may take the mail over another
        Some(530 | 534 | 535 | 538) => Some(Carried::Unreachable("the mail server wants a user and password")),
        Some(400..=499) => Some(Carried::Later),
        Some(_) => Some(Carried::Never),
        None if error.is_client() => Some(Carried::Never),
        None => None,
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// How long a farewell may take.
const PARTING: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier(url: &str, authorities: Option<&[u8]>) -> Result<Carrier, Error> {
        let authorities = authorities.map(<[u8]>::to_vec);
        Carrier::new(MailServer { url: url.to_owned(), login: None, authorities }, "example.org")
    }

    #[test]
    fn a_mail_server_is_reached_over_tls_only_and_is_named_whole() {
        assert!(carrier("smtp://mail.example.org:587", None).is_ok_and(|carrier| !carrier.wrapped));
        assert!(carrier("smtps://mail.example.org:465/", None).is_ok_and(|carrier| carrier.wrapped));
        for bad in [
            "",
            "mail.example.org",
            "mail.example.org:25",
            "smtp://mail.example.org",
            "smtp://:587",
            "smtp://a@b:587",
            "smtp://h:587/x",
            "smtp://h:x",
            "http://h:587",
            "smtp://h:70000",
        ] {
            assert!(carrier(bad, None).is_err(), "{bad}");
        }
        let told = carrier("smtp://h:587", Some(b"nothing")).err().unwrap().to_string();
        assert!(told.contains("--smtp-ca"), "{told}");
    }
}
