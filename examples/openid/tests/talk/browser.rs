//! A browser without a screen: it keeps cookies, and shows every redirect.

use std::collections::HashMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};

pub(crate) struct Browser {
    http: Client,
    site: String,
    cookies: HashMap<String, String>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(site: &str) -> Self {
        Self {
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            site: format!("http://{site}"),
            cookies: HashMap::new(),
        }
    }

    /// A page of the site, or of another one.
    pub(crate) async fn get(&mut self, address: &str) -> Page {
        let address = if address.starts_with('/') {
            &format!("{}{address}", self.site)
        } else {
            address
        };
        self.send(address, self.http.get(address)).await
    }

    /// A form of a page of the site, or of `origin`.
    pub(crate) async fn post(&mut self, path: &str, origin: &str) -> Page {
        let address = format!("{}{path}", self.site);
        let request = self.http.post(&address).header("Sec-Fetch-Site", origin);
        self.send(&address, request).await
    }

    async fn send(&mut self, address: &str, mut request: RequestBuilder) -> Page {
        let is_of_site = address.starts_with(&format!("{}/", self.site));
        if is_of_site && !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let fields = response.headers().get_all(SET_COOKIE).iter();
        let set_cookies: Vec<_> = fields
            .map(|field| field.to_str().unwrap().to_owned())
            .collect();
        for cookie in set_cookies.iter().filter(|_| is_of_site) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = response.headers().get(LOCATION);
        Page {
            status: response.status(),
            location: location.map(|field| field.to_str().unwrap().to_owned()),
            set_cookies,
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.cookies.keys().map(String::as_str).collect()
    }

    /// Begins a sign-in, and returns the address of the callback, which is not visited yet.
    pub(crate) async fn go_to_provider(&mut self) -> String {
        let page = self.get("/sign-in").await;
        assert_eq!(page.status, 303, "{}", page.text);
        let page = self.get(&page.location.unwrap()).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location.unwrap()
    }

    /// The user that the site shows.
    pub(crate) async fn me(&mut self) -> Option<String> {
        let page = self.get("/api/me").await;
        (page.status == 200).then_some(page.text)
    }
}
