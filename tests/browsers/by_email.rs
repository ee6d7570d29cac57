//! The page's form for an invite by e-mail: it is there where the campaign has e-mail on, says who learns of it, sends the
//! address and nothing else, and only when the button is pressed.

use crate::driving::{drive, pictures, target_page};
use serde_json::{Value, json};
use server::email::{EmailSettings, MailServer};
use tests::{Plan, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_by_e_mail_is_asked_for_on_the_page_in_every_language() {
    let email = "maximum = 50\ndomains = [\"example.org\", \"*.edu\"]\n".to_owned();
    let world = World::with(Plan { email: Some(email), page: Some(target_page()), ..Plan::default() }).await;
    // nobody takes the mail here: what is judged is what the page sends and says
    let server = MailServer { url: "smtp://127.0.0.1:9".to_owned(), login: None, authorities: None };
    let key = world.email_key.clone().unwrap().into();
    let settings = EmailSettings { server, from: "post@campaign.example".to_owned(), key };
    world.deployment().begin_email(settings).unwrap();
    for language in ["en", "ru", "fa"] {
        let request = json!({ "url": world.url(), "language": language, "pictures": pictures() });
        let told = drive("email", "asked", request, 60).await;
        assert_eq!((&told["grievances"], &told["found"]), (&json!([]), &json!([])), "{language}");
        assert!(told["learns"].as_str().unwrap().len() > 100 && told["lead"].as_str().unwrap().contains("*.edu"));
        assert!(!told["wrong"].as_str().unwrap().is_empty(), "{told}");
        assert!(!told["asked"].as_str().unwrap().is_empty() && told["field"] == false, "{told}");
        let posts: Vec<&Value> =
            told["requests"].as_array().unwrap().iter().filter(|request| request["method"] == "POST").collect();
        // an address of another domain, which is refused, and then the right one
        assert_eq!(posts.len(), 2, "{posts:?}");
        let expected = ["{\"email\":\"ann@example.com\"}", "{\"email\":\"ann@example.org\"}"].map(str::len);
        for (post, length) in posts.iter().zip(expected) {
            assert_eq!((&post["path"], &post["sent"]), (&json!("/invite-by-email"), &json!(length)));
            assert_eq!(
                (&post["cookie"], &post["referer"], &post["authorization"]),
                (&json!(false), &Value::Null, &Value::Null)
            );
        }
    }
    let without = World::with(Plan { page: Some(target_page()), ..Plan::default() }).await;
    let request = json!({ "url": without.url(), "language": "en", "pictures": pictures() });
    let told = drive("email", "absent", request, 30).await;
    assert_eq!((&told["field"], &told["grievances"]), (&json!(false), &json!([])));
}
