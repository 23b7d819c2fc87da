//! Built-in endpoints: health checks and mounted services.
//!
//! The application registers them beside the user's endpoints. `mount` imports [`crate::service`],
//! because a mounted service can be another application.

pub(crate) mod health;
#[cfg(feature = "tower")]
pub(crate) mod mount;
