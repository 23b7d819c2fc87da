//! Requests that another site starts.
