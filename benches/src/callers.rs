//! Credentials of the callers whose cost is measured: the server knows them, and the clients send them.

/// An API key.
pub const API_KEY: &str = "acme_alice_7f3b9e0c2d4a5f6b7f3b9e0c2d4a5f6b";

/// The id of a session: 32 bytes of 7.
pub const SESSION_ID: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
/// The SHA-256 of the id.
pub const SESSION_KEY: &str = "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0";

/// A token that was signed by [`SECRET`] for [`AUDIENCE`], and is valid until the year 2100.
pub const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsImF1ZCI6Imh0dHBzOi8vYXBpLmV4YW1wbGUuY29tIiwic3ViIjoiYWRhIiwiZXhwIjo0MTAyNDQ0ODAwfQ.epyNc8fldmDX1n5qWN_DbpEhhNhAxnWeKKhVeQfxKFg";
/// The secret of the issuer.
pub const SECRET: &[u8] = b"a secret of at least 32 random bytes";
/// The issuer of the token.
pub const ISSUER: &str = "https://issuer.example.com";
/// The audience of the token.
pub const AUDIENCE: &str = "https://api.example.com";
