//! `organiser`: the accounts of those who organise, made, shown and removed while the server runs or not.

use clap::{Subcommand, ValueEnum};
use server::Error;
use server::organisers::{self, Account, Role};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What can be done with accounts.
#[derive(Subcommand)]
pub(crate) enum Organiser {
    /// Make an account and print its token, once
    Add {
        /// A name for the log of actions, better a sign than somebody's name: small Latin letters, digits, hyphens
        name: String,
        /// What the account may do; every one reads what is published
        #[arg(long = "role", value_enum, required = true, value_delimiter = ',')]
        roles: Vec<Word>,
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
    },
    /// Show all accounts
    List {
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
    },
    /// Remove an account: its token opens nothing from now on
    Remove {
        /// Its name
        name: String,
        /// The folder that init made
        #[arg(long)]
        data: PathBuf,
    },
}

/// The words for roles.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// Reads what is published, as everybody can
    Reads,
    /// Makes invites, and revokes what it made
    Invites,
    /// Announces and closes; sees and revokes all batches, and sees what organisers did
    Announces,
}

impl Word {
    fn role(self) -> Option<Role> {
        match self {
            Self::Reads => None,
            Self::Invites => Some(Role::Invites),
            Self::Announces => Some(Role::Announces),
        }
    }
}

impl Organiser {
    pub(super) fn run(&self) -> Result<(), Error> {
        match self {
            Self::Add { name, roles, data } => add(data, name, roles),
            Self::List { data } => organisers::list(data)?.iter().try_for_each(|account| say(&line(account))),
            Self::Remove { name, data } => {
                organisers::remove(data, name)?;
                say(&format!("Removed: {name}. The token opens nothing any more."))
            }
        }
    }
}

fn add(data: &Path, name: &str, words: &[Word]) -> Result<(), Error> {
    let all = [Word::Reads, Word::Invites, Word::Announces];
    let roles: Vec<Role> = all.iter().filter(|word| words.contains(word)).filter_map(|word| word.role()).collect();
    organisers::add(data, name, &roles, |token| {
        say(&format!("The token of {name}, shown only now; hand it over on a safe way:\n  {token}"))
    })
}

/// What `list` says of an account.
fn line(account: &Account) -> String {
    let words = [(Role::Invites, ", invites"), (Role::Announces, ", announces")];
    let more: String = words.iter().filter(|(role, _)| account.may(*role)).map(|(_, word)| *word).collect();
    format!("{}  reads{more}", account.name)
}

/// A line on standard output. One that cannot be written is an error, for a token is shown only once.
fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Error::io("nothing can be shown here", error))
}
