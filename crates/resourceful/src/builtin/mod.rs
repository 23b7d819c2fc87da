//! Endpoints of the library's own: health checks, and other services below a path.
//!
//! The application registers them beside the user's endpoints. Mounting knows [`crate::service`],
//! because the service below a path can be another application.

pub(crate) mod health;
#[cfg(feature = "tower")]
pub(crate) mod mount;
