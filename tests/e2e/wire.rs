//! The wire format as a stranger has it, `protocol/WIRE.md` and the vectors beside it: they say what the code says.

mod cases;
mod document;
mod vectors;
