//! [`ResourceError`]: the error of a call to a resource.

use bytes::Bytes;
use http::StatusCode;
use resourceful::{Error, ErrorStatus, Problem};
use serde_json::{Map, Value};

use crate::call::Failure;
use crate::error::ClientError;

/// Error of a call of a [`ResourceClient`](crate::ResourceClient).
///
/// It converts into a [`resourceful::Error`] like [`ClientError`]: a service does not return the
/// other service's problems as its own.
///
/// # Examples
/// ```
/// use resourceful::{Error, Problem};
/// use resourceful_client::ResourceError;
///
/// let problem = Problem::from(&Error::not_found("Post not found"));
/// let error = ResourceError::Problem(problem.into());
/// assert_eq!(error.to_string(), r#"the service returned 404 Not Found: "Post not found""#);
/// assert_eq!(Error::from(error).status(), 502);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The service returned a problem.
    #[error("the service returned {}: {:?}", .0.status(), .0.detail().unwrap_or(.0.title()))]
    Problem(Box<Problem>),
    /// 412: the item was changed since it was [held](crate::ResourceClient::hold).
    #[error("the item was changed since it was read")]
    Changed(Box<Problem>),
    /// Everything else: no response, unexpected JSON, or an error status without a problem, like a
    /// proxy's page ([`ClientError::Status`]).
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl ResourceError {
    /// Status of the response, if the call failed because of it.
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
            Self::Problem(problem) | Self::Changed(problem) => Some(problem.status()),
            Self::Client(error) => error.status(),
        }
    }

    /// The service's problem.
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
            Self::Problem(problem) | Self::Changed(problem) => Some(problem),
            Self::Client(_) => None,
        }
    }
}

impl From<Failure> for ResourceError {
    fn from(failure: Failure) -> Self {
        let error = failure.error;
        match &error {
            ClientError::Status { status, body } if failure.is_problem => {
                match read_problem(*status, body) {
                    None => Self::Client(error),
                    Some(problem) if *status == 412 => Self::Changed(problem),
                    Some(problem) => Self::Problem(problem),
                }
            }
            _ => Self::Client(error),
        }
    }
}

/// Parses a problem. `None` if the body is not a problem, or was cut because it is too long.
///
/// The member `status` is optional and advisory (RFC 9457 section 3.1.2). If it is missing or not
/// an error status, the status of the response replaces it.
fn read_problem(status: StatusCode, body: &Bytes) -> Option<Box<Problem>> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let declared = members.get("status").and_then(Value::as_u64);
    if !declared.is_some_and(|status| (400..600).contains(&status)) {
        members.insert("status".to_owned(), status.as_u16().into());
    }
    serde_json::from_value(members.into()).ok()
}

impl From<ResourceError> for Error {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::Client(error) => error.into(),
            ResourceError::Problem(_) | ResourceError::Changed(_) => {
                Self::new(ErrorStatus::new(502))
                    .with_detail("The external service failed.")
                    .with_source(error)
            }
        }
    }
}
