//! Built-in endpoints: health checks, static files and mounted services.
//!
//! The application registers them beside the user's endpoints. `mount` imports [`crate::service`],
//! because a mounted service can be another application.

pub(crate) mod health;
#[cfg(feature = "tower")]
pub(crate) mod mount;
#[cfg(feature = "files")]
pub(crate) mod static_files;
