//! All integration tests in one binary: they run the public interfaces, the built `sim`, and the tree itself.

mod cli;
mod every_key;
mod settings;
mod tidy;
