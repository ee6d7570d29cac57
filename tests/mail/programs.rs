//! The programs as their users type them: `init` shows the key, `serve` takes it by a descriptor, `headcount invite` asks.
