//! The door, request by request.

use super::*;

#[test]
fn smoke() {
    let mut door = Door::default();
    for request in [
        r#"{"do":"phrase","entropy":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        r#"{"do":"link","text":"0000-1111-2222-3333-4444-5555-6666-7777"}"#,
        r#"{"do":"forget"}"#,
    ] {
        println!("{}", String::from_utf8_lossy(&door.call(request.as_bytes())));
    }
}
