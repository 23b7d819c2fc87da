#![doc = include_str!("lib.md")]

mod address;
mod error;
mod path;

mod redirect;
mod reply;
mod retry;
mod upstream;

mod call;
mod client;

pub use self::call::Call;
pub use self::client::{Client, ClientBuilder};
pub use self::error::{BuildError, ClientError};
pub use self::reply::Reply;
