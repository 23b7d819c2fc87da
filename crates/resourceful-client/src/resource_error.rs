//! [`ResourceError`]: what a service said of a call that it refused.

use bytes::Bytes;
use http::StatusCode;
use resourceful::{Error, ErrorStatus, Problem};
use serde_json::{Map, Value};

use crate::call::Failure;
use crate::error::ClientError;

/// Why a call of a [`ResourceClient`](crate::ResourceClient) has no result.
///
/// As a [`resourceful::Error`] it is what [`ClientError`] is: a service that calls another does
/// not hand on the other's refusals as its own.
///
/// # Examples
/// ```
/// use resourceful::{Error, Problem};
/// use resourceful_client::ResourceError;
///
/// let problem = Problem::from(&Error::not_found("Post not found"));
/// let error = ResourceError::Problem(problem.into());
/// assert_eq!(error.to_string(), r#"the service answered 404 Not Found: "Post not found""#);
/// assert_eq!(Error::from(error).status(), 502);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The service refused the call, or failed, and says how.
    #[error("the service answered {}: {:?}", .0.status(), .0.detail().unwrap_or(.0.title()))]
    Problem(Box<Problem>),
    /// Everything else: no answer, one that is not what was expected, or one of another status
    /// that is no problem, like a proxy's page ([`ClientError::Status`]).
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl ResourceError {
    /// The status that was answered, if that is what went wrong.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Error, Problem};
    /// # use resourceful_client::{ClientError, ResourceError};
    /// let problem = Problem::from(&Error::conflict("Taken."));
    /// assert_eq!(ResourceError::Problem(problem.into()).status().unwrap(), 409);
    /// assert_eq!(ResourceError::from(ClientError::Timeout).status(), None);
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Problem(problem) => Some(problem.status()),
            Self::Client(error) => error.status(),
        }
    }

    /// What the service says of it.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Error, Problem};
    /// # use resourceful_client::{ClientError, ResourceError};
    /// let problem = Problem::from(&Error::conflict("Taken."));
    /// let error = ResourceError::Problem(problem.into());
    /// assert_eq!(error.problem().unwrap().detail(), Some("Taken."));
    /// assert!(ResourceError::from(ClientError::Timeout).problem().is_none());
    /// ```
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Client(_) => None,
        }
    }
}

impl From<Failure> for ResourceError {
    fn from(failure: Failure) -> Self {
        let error = failure.error;
        match &error {
            ClientError::Status { status, body } if failure.is_problem => {
                read_problem(*status, body).map_or(Self::Client(error), Self::Problem)
            }
            _ => Self::Client(error),
        }
    }
}

/// `None` where a body is no problem, whatever it is said to be, or too long to be read whole.
///
/// Its member `status` may be absent, and is for information alone (RFC 9457 section 3.1.2): one
/// that is no error's is replaced by the answer's.
fn read_problem(status: StatusCode, body: &Bytes) -> Option<Box<Problem>> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let said = members.get("status").and_then(Value::as_u64);
    if !said.is_some_and(|said| (400..600).contains(&said)) {
        members.insert("status".to_owned(), status.as_u16().into());
    }
    serde_json::from_value(members.into()).ok()
}

impl From<ResourceError> for Error {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::Client(error) => error.into(),
            ResourceError::Problem(_) => Self::new(ErrorStatus::new(502))
                .with_detail("The external service failed.")
                .with_source(error),
        }
    }
}
