//! Invites in the form in which they reach people: links as a table, cards to print, a screen for a room. The server draws
//! them and keeps nothing; what comes back is the only copy there is.

use super::{LINKS_BYTES_MAX, Organiser};
use crate::error::Error;
use protocol::invite::InviteLink;
use protocol::media;
use serde::Serialize;
use zeroize::Zeroizing;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A table with one column, `link`.
    Csv,
    /// Cards on A4, as a page to print.
    Cards,
    /// One code after the other, as a page to show.
    Screen,
}

/// What is asked for.
#[derive(Serialize)]
pub struct Order<'a> {
    /// Name of the batch.
    pub batch: &'a str,
    /// How many invites.
    pub count: u32,
    /// The most of the batch that can be used in one tick.
    pub per_tick: Option<u32>,
    /// Until when they are good at least, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// The language of cards or screen, one of the campaign's; none leaves it to the server.
    pub language: Option<&'a str>,
    /// A second one beside it.
    pub also: Option<&'a str>,
}

impl Organiser {
    /// Asks for new invites in one of these forms: the bytes of a file.
    pub async fn deliver(&self, delivery: Delivery, order: &Order<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let body = serde_json::to_vec(order)
            .map_err(|_| Error::Local("The batch cannot be named so; choose another name.".to_owned()))?;
        let (path, media_type) = match delivery {
            Delivery::Csv => ("/organiser/invites/csv", "text/csv"),
            Delivery::Cards => ("/organiser/invites/cards", "text/html"),
            Delivery::Screen => ("/organiser/invites/screen", "text/html"),
        };
        let answer = self.post(path, media::JSON, body, LINKS_BYTES_MAX).await?;
        let file = Zeroizing::new(answer.demand(&[200], Some(media_type))?.body);
        if !is_whole(delivery, &file, order.count) {
            return Err(Error::Misbehaved("The server answered with something else than invites.".to_owned()));
        }
        Ok(file)
    }
}

/// Whether a file is of its form and has as many invites as were asked for, as far as can be told without reading codes.
fn is_whole(delivery: Delivery, file: &[u8], count: u32) -> bool {
    let Ok(text) = std::str::from_utf8(file) else { return false };
    match delivery {
        Delivery::Csv => {
            let usable = |line: &str| InviteLink::parse(line).is_ok_and(|link| link.invite.is_some());
            let rows = text.strip_prefix("link\r\n").and_then(|rows| rows.strip_suffix("\r\n"));
            rows.is_some_and(|rows| rows.split("\r\n").count() == count as usize && rows.split("\r\n").all(usable))
        }
        Delivery::Cards | Delivery::Screen => {
            text.starts_with("<!doctype html>") && text.trim_end().ends_with("</html>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in::{World, serve};
    use crate::transport::Network;

    #[tokio::test]
    async fn a_table_of_links_is_taken_only_whole() {
        let world = World::new();
        let row = format!("{}\r\n", *world.link(1).to_text());
        for (count, body, good) in [
            (1, format!("link\r\n{row}"), true),
            (2, format!("link\r\n{row}{row}"), true),
            (2, format!("link\r\n{row}"), false),
            (1, format!("links\r\n{row}"), false),
            (1, row.clone(), false),
            (1, format!("link\r\n{}", row.trim_end()), false),
            (1, "link\r\nhttps://elsewhere.example/\r\n".to_owned(), false),
            (1, "link\r\n".to_owned(), false),
        ] {
            let said = format!("200 OK\r\ncontent-type: text/csv; charset=utf-8\r\n\r\n{body}");
            let server = serve(move |_| Some(said.clone().into())).await;
            let organiser = Organiser::new(&Network::direct(), &server.base, "secret").unwrap();
            let order = Order { batch: "a", count, per_tick: None, expires: None, language: None, also: None };
            let file = organiser.deliver(Delivery::Csv, &order).await;
            assert_eq!(file.is_ok_and(|file| *file == body.as_bytes()), good, "{count} {body}");
            let request = String::from_utf8(server.requests()[0].clone()).unwrap();
            assert!(request.starts_with("POST /organiser/invites/csv HTTP/1.1\r\n"));
        }
    }

    #[tokio::test]
    async fn cards_are_a_page_that_came_whole() {
        for (media_type, body, good) in [
            ("text/html; charset=utf-8", "<!doctype html>\n<html></html>\n", true),
            ("text/html; charset=utf-8", "<!doctype html>\n<html>", false),
            ("text/html; charset=utf-8", "<p>Log in</p></html>", false),
            ("application/json", "{}", false),
        ] {
            let said = format!("200 OK\r\ncontent-type: {media_type}\r\n\r\n{body}");
            let server = serve(move |_| Some(said.clone().into())).await;
            let organiser = Organiser::new(&Network::direct(), &server.base, "secret").unwrap();
            let order = Order {
                batch: "a",
                count: 1,
                per_tick: Some(9),
                expires: None,
                language: Some("ru"),
                also: Some("en"),
            };
            assert_eq!(organiser.deliver(Delivery::Cards, &order).await.is_ok(), good, "{body}");
            let request = String::from_utf8(server.requests()[0].clone()).unwrap();
            assert!(
                request.ends_with("{\"batch\":\"a\",\"count\":1,\"per_tick\":9,\"language\":\"ru\",\"also\":\"en\"}")
            );
        }
    }
}
