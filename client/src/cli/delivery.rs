//! In which form invites are asked for: as links, or as a file that brings them to people.

use crate::cli::Failure;
use crate::cli::batches::not_made;
use crate::cli::console::Console;
use clap::{Args, ValueEnum};
use client::error::Error;
use client::organiser::{Delivery, Order, Organiser};
use client::private_file::PrivateFile;
use protocol::problem::Problem;
use serde_json::json;
use std::path::Path;

/// What was asked for and cannot be made, in the words in which it was asked for.
fn in_words(error: Error) -> Error {
    let malformed = matches!(error, Error::Refused { problem: Problem::Malformed, .. });
    if !malformed {
        return not_made(error);
    }
    Error::Local(
        "The server makes no such invites; check that --language and --also are two languages of the campaign, that \
         --per-tick and --expires are what the batch has, and that --count is 1,000 at most for cards or a screen."
            .to_owned(),
    )
}

/// The form, and the languages of what people will read.
#[derive(Args)]
pub(crate) struct Delivered {
    /// What is made of the invites. All but links need --out, a new file.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Links)]
    form: Form,
    /// Language of the cards or the screen, one of the campaign's.
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// A second language on each of them.
    #[arg(long, value_name = "LANG")]
    also: Option<String>,
}

/// What can be made of invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Links, one a line.
    Links,
    /// A table with one column, for a program that sends them.
    Csv,
    /// Cards on A4 with QR codes: open the file in a browser and print it.
    Cards,
    /// A page for a room, which shows one code after the other: open the file in a browser.
    Screen,
}

impl Delivered {
    /// The file that is asked for instead of links, if one is; a mistake is found before anything is sent.
    pub(crate) fn file(&self) -> Result<Option<Delivery>, Error> {
        let read_by_people = matches!(self.form, Form::Cards | Form::Screen);
        if !read_by_people && (self.language.is_some() || self.also.is_some()) {
            return Err(Error::Local(
                "Links have no language; leave --language and --also out, or ask for --form cards or --form screen."
                    .to_owned(),
            ));
        }
        Ok(match self.form {
            Form::Links => None,
            Form::Csv => Some(Delivery::Csv),
            Form::Cards => Some(Delivery::Cards),
            Form::Screen => Some(Delivery::Screen),
        })
    }

    /// Asks for that file and writes it.
    pub(crate) async fn run(
        &self,
        console: &Console,
        organiser: &Organiser,
        delivery: Delivery,
        order: Order<'_>,
        out: Option<&Path>,
    ) -> Result<(), Failure> {
        let out = out.ok_or_else(|| {
            Error::Local("This is made for people and not for a terminal; say --out FILE with a new file.".to_owned())
        })?;
        let file = PrivateFile::at(out)?;
        let order = Order { language: self.language.as_deref(), also: self.also.as_deref(), ..order };
        let spinner = console.spinner("asking for invites");
        let contents = organiser.deliver(delivery, &order).await.map_err(in_words)?;
        spinner.finish_and_clear();
        if let Err(error) = file.write(&contents) {
            console.warn("these invites were made, and nobody has them; they count for the batch. Ask for others.");
            return Err(error.into());
        }
        let (count, name) = (order.count, out.display());
        let what_now = match delivery {
            Delivery::Csv => format!(
                "{count} links are in {name}, in no order. Give them out at random, write down nowhere who got which, \
                 and delete the file afterwards."
            ),
            Delivery::Cards => format!(
                "{count} cards are in {name}. Open it in a browser, read the first sheet, and print on A4 at 100 % \
                 where nothing stays behind. Then delete the file."
            ),
            Delivery::Screen => format!(
                "{count} codes are in {name}. Open it in a browser; it loads nothing. Opened anew it begins anew, so \
                 delete the file afterwards."
            ),
        };
        console.result(&json!({"batch": order.batch, "written": count}), &what_now);
        Ok(())
    }
}
