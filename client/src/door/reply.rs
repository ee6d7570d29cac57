//! The door's answers, written as JSON member by member. A tree of values would be simpler to build and a quarter of the
//! page's WebAssembly.

use serde::Serialize;
use zeroize::Zeroizing;

/// The members of what was done, in the making: an object that is still open.
pub(super) struct Reply(Zeroizing<Vec<u8>>);

impl Reply {
    /// Without a member yet.
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(b"{".to_vec()))
    }

    /// With one member more.
    pub(super) fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.put(name);
        self.0.push(b':');
        self.put(value);
        self
    }

    /// The whole object as the one member `name` of the answer.
    pub(super) fn answer(self, name: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([b"{\"", name.as_bytes(), b"\":", &self.0, b"}}"].concat())
    }

    fn put(&mut self, value: impl Serialize) {
        serde_json::to_writer(&mut *self.0, &value).expect("texts, numbers and lists of them are always JSON");
    }
}
