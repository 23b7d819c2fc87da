//! [`DestroyOutput`]: the results of `destroy`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::response::content::{Binary, Text};
use crate::response::fields::{WithHeader, WithHeaders};
use crate::response::into_response::Json;
use crate::response::media_type::MediaType;
use crate::response::representation::{NoContent, Output, Raw, Representation};
use crate::response::status::{Accepted, Status};

/// The result of a `destroy` hook: `()` for 204, or a [`Representation`] of this library.
///
/// # Examples
/// Deletion takes long, so the response is 202:
/// ```
/// use resourceful::Accepted;
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Job { id: i64 }
///
/// struct Archives;
///
/// #[resource]
/// impl AsyncResource for Archives {
///     type Access = Public;
///
///     async fn destroy(&self, _: &Request, _id: i64) -> Result<Accepted<Job>> {
///         Ok(Accepted(Job { id: 7 }).at_path("/jobs/7"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/archives", Archives))?;
/// assert_eq!(client.delete("/archives/1").await.status(), 202);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`destroy` cannot return `{Self}`",
    note = "return `()` for 204, `Json(item)` for 200, or `Accepted(job)` for 202"
)]
pub trait DestroyOutput: Send {
    #[doc(hidden)]
    type Representation: Representation;

    #[doc(hidden)]
    fn into_representation(self) -> Self::Representation;
}

// `()` is an `Output` also, whose JSON is `null`. So not every `Representation` is a `DestroyOutput`.
impl DestroyOutput for () {
    type Representation = NoContent;

    fn into_representation(self) -> NoContent {
        NoContent
    }
}

macro_rules! destroy_output {
    ($([$($parameters:tt)*] $name:ty,)*) => {
        $(impl<$($parameters)*> DestroyOutput for $name {
            type Representation = Self;

            fn into_representation(self) -> Self {
                self
            }
        })*
    };
}

destroy_output! {
    [] NoContent,
    [] Raw,
    [] Text,
    [T: Output] Json<T>,
    [T: Representation] Accepted<T>,
    [const CODE: u16, T: Representation] Status<CODE, T>,
    [T: Representation] WithHeader<T>,
    [T: Representation, H: Serialize + JsonSchema + Send] WithHeaders<T, H>,
    [M: MediaType] Binary<M>,
}
