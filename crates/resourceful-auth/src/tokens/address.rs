//! Addresses of issuers: `https`, or `http` on this machine.

use url::{Host, Url};

use crate::tokens::config_error::ConfigError;

/// Parses the address of an issuer's endpoint.
pub(crate) fn parse_address(text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok().filter(Url::has_host);
    let Some(url) = url else {
        return Err(ConfigError(format!(
            "the address `{text}` is not an absolute URL"
        )));
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        // The text is omitted: it may contain a password.
        return Err(ConfigError(
            "an address has a user, a password or a fragment".to_owned(),
        ));
    }
    let is_loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback) {
        Ok(url)
    } else {
        Err(ConfigError(format!("the address `{text}` is not https")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_loopback() {
        for good in [
            "https://a.example/jwks?p=1",
            "http://127.0.0.1:1/x",
            "http://[::1]/",
            "http://localhost:8080/",
        ] {
            assert!(parse_address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/jwks",
            "a.example",
            "http://a.example",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "file:///etc/passwd",
            "ftp://localhost/",
            "data:application/json,{}",
            "https://user:secret@a.example/",
            "https://a.example/#x",
        ] {
            let error = parse_address(bad).expect_err(bad).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
