//! The page and its script. Any web server could serve them.

use resourceful::http::HeaderValue;
use resourceful::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use resourceful::prelude::*;

/// The site whose page talks to the API at this origin.
pub(crate) fn app(api_origin: &str) -> Result<App> {
    let html = include_str!("page.html").replace("{api}", api_origin);
    // Allows only this server's script, and connections of the script to the API.
    let policy = format!(
        "default-src 'none'; script-src 'self'; connect-src {api_origin}; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).map_err(Error::internal)?;
    Ok(App::new()
        .get("/", public(page).state(&Html { html, policy }))
        .get("/page.js", public(script)))
}

#[derive(Clone)]
struct Html {
    html: String,
    policy: HeaderValue,
}

/// The page.
#[endpoint]
async fn page(html: &Html) -> Result<Response> {
    let mut response = html.html.clone().into_response();
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    let policy = html.policy.clone();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The script of the page.
#[endpoint]
async fn script() -> Result<Response> {
    let mut response = include_str!("page.js").into_response();
    let content_type = HeaderValue::from_static("text/javascript; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}
