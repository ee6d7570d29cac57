//! What `serve` is told of a campaign's invites by e-mail: options, and secrets by file descriptor or prompt, never as
//! arguments, which other users of the machine can see.

use clap::Args;
use server::email::{EmailSettings, MailServer};
use server::{Deployment, Error};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The options.
#[derive(Args)]
pub(crate) struct EmailOptions {
    /// Send invites by e-mail over this server: smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT (TLS)
    #[arg(long, value_name = "URL", requires = "email_from")]
    smtp: Option<String>,
    /// The user that the mail server asks for
    #[arg(long, value_name = "NAME", requires = "smtp")]
    smtp_user: Option<String>,
    /// Read its password from this file descriptor; without it you are asked
    #[arg(long, value_name = "N", requires = "smtp_user")]
    smtp_password_fd: Option<u32>,
    /// Trust only the authorities in this file (PEM) to vouch for the mail server; without it those of the system
    #[arg(long, value_name = "FILE", requires = "smtp")]
    smtp_ca: Option<PathBuf>,
    /// From whom the mails are: an address that names no cause
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    email_from: Option<String>,
    /// Read the e-mail key that init showed from this file descriptor; without it you are asked
    #[arg(long, value_name = "N", requires = "smtp")]
    email_key_fd: Option<u32>,
}

impl EmailOptions {
    /// Begins to send, if the campaign has e-mail on and a mail server is given. Says in one line what is so.
    pub(crate) fn begin(self, deployment: &Deployment) -> Result<Option<&'static str>, Error> {
        let wanted = deployment.wants_email();
        let Some(url) = self.smtp.filter(|_| wanted || deployment.is_open()) else {
            return Ok(wanted.then_some("Invites by e-mail are not sent: there is no --smtp."));
        };
        if !wanted {
            let why = "this campaign sends no invites by e-mail; leave out the options of the mail server";
            return Err(Error::Refused(why.to_owned()));
        }
        let key = secret("e-mail key", self.email_key_fd, "--email-key-fd N")?;
        let login = match self.smtp_user {
            Some(user) => {
                Some((user, secret("password of the mail server", self.smtp_password_fd, "--smtp-password-fd N")?))
            }
            None => None,
        };
        let read = |path: PathBuf| std::fs::read(&path).map_err(|error| Error::io(path.display(), error));
        let server = MailServer { url, login, authorities: self.smtp_ca.map(read).transpose()? };
        deployment.begin_email(EmailSettings { server, from: self.email_from.unwrap_or_default(), key })?;
        Ok(Some("Invites by e-mail are sent."))
    }
}

/// The beginning of a file, in one piece of memory: what grows leaves its earlier copies behind.
fn read(path: &str) -> std::io::Result<String> {
    let mut text = String::with_capacity(SECRET_BYTES_MAX);
    File::open(path)?.take(SECRET_BYTES_MAX as u64).read_to_string(&mut text)?;
    Ok(text)
}

const SECRET_BYTES_MAX: usize = 4096;

/// A secret in one line, from a descriptor that whoever starts the server opened, or else from the terminal.
fn secret(what: &str, descriptor: Option<u32>, option: &str) -> Result<Zeroizing<String>, Error> {
    let text = match descriptor {
        Some(number) => read(&format!("/dev/fd/{number}")).map_err(|error| {
            Error::Refused(format!("the {what} cannot be read from descriptor {number}: {error}; open it for reading"))
        }),
        None => rpassword::prompt_password(format!("The {what}: ")).map_err(|_| {
            Error::Refused(format!("there is no terminal to ask for the {what} on; give it with {option}"))
        }),
    };
    let text = Zeroizing::new(text?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
