#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod error;
mod path;
mod query;

mod redirect;
mod response;
mod retry;
mod upstream;

mod call;
mod client;

mod action;
mod held;
mod resource;
mod resource_error;

pub use self::action::{ClientInput, ClientTarget};
pub use self::call::Call;
pub use self::client::{Client, ClientBuilder};
pub use self::error::{BuildError, ClientError};
pub use self::held::Held;
pub use self::resource::{Pages, ResourceClient};
pub use self::resource_error::ResourceError;
pub use self::response::ClientResponse;
