//! The error responses of the library, which all operations share.

use serde::{Serialize, Serializer};
use serde_json::json;

/// An error response of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StandardError {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    /// Of actions that read `Idempotency-Key`. It is not in [`ALL`](Self::ALL): a hook's 409 is another one.
    StillRuns,
    PreconditionFailed,
    ContentTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    #[cfg(feature = "files")]
    RangeNotSatisfiable,
    Invalid,
    UpgradeRequired,
    PreconditionRequired,
    TooManyRequests,
    InternalServerError,
    ServiceUnavailable,
    /// Any other error of the application.
    Other,
}

impl StandardError {
    /// Those whose description a problem of the same status has, too.
    pub(super) const ALL: &[Self] = &[
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::PreconditionFailed,
        Self::ContentTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        #[cfg(feature = "files")]
        Self::RangeNotSatisfiable,
        Self::Invalid,
        Self::UpgradeRequired,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::InternalServerError,
        Self::ServiceUnavailable,
        Self::Other,
    ];

    /// The key among the responses of an operation.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::BadRequest => "400",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::MethodNotAllowed => "405",
            Self::NotAcceptable => "406",
            Self::RequestTimeout => "408",
            Self::StillRuns => "409",
            Self::PreconditionFailed => "412",
            Self::ContentTooLarge => "413",
            Self::UriTooLong => "414",
            Self::UnsupportedMediaType => "415",
            #[cfg(feature = "files")]
            Self::RangeNotSatisfiable => "416",
            Self::Invalid => "422",
            Self::UpgradeRequired => "426",
            Self::PreconditionRequired => "428",
            Self::TooManyRequests => "429",
            Self::InternalServerError => "500",
            Self::ServiceUnavailable => "503",
            Self::Other => "default",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::BadRequest => "Malformed request.",
            Self::Unauthorized => "Authentication required.",
            Self::Forbidden => "Permission denied.",
            Self::NotFound => "Not found.",
            Self::MethodNotAllowed => "Method not allowed.",
            Self::NotAcceptable => "`Accept` excludes the media type of the response.",
            Self::RequestTimeout => "The body arrived too slowly.",
            Self::StillRuns => "A request with the same `Idempotency-Key` still runs.",
            Self::PreconditionFailed => {
                "A precondition of the request is false, such as `If-Match`."
            }
            Self::ContentTooLarge => "The body exceeds the size limit.",
            Self::UriTooLong => "Path and query are too long.",
            Self::UnsupportedMediaType => "Unsupported media type.",
            #[cfg(feature = "files")]
            Self::RangeNotSatisfiable => "No range overlaps the file.",
            Self::Invalid => "Invalid fields; `errors` lists each one.",
            Self::UpgradeRequired => "WebSocket handshake required.",
            Self::PreconditionRequired => "`If-Match` is missing.",
            Self::TooManyRequests => "Too many requests.",
            Self::InternalServerError => "Internal server error.",
            Self::ServiceUnavailable => "Timed out or temporarily unavailable.",
            Self::Other => "Any other problem.",
        }
    }

    /// Serialises as a reference to the response among the components.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn as_reference<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"$ref": format!("#/components/responses/{}", self.name())}).serialize(serializer)
    }

    /// The name among the components.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }
}
