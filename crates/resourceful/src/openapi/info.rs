//! General information about an API.

use serde::Serialize;

/// Title, version, contact and licence of an API in its document.
///
/// # Examples
/// ```
/// use resourceful::{App, Info};
///
/// let info = Info::new("Blog", "1.2.0")
///     .with_description("Posts, and what people say of them.")
///     .with_license("MIT")
///     .with_contact("The editors", "https://blog.example.org/contact");
/// let document = App::new().info(info).openapi()?;
/// assert_eq!(document.as_value()["info"]["title"], "Blog");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    title: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Contact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<License>,
}

#[derive(Clone, Debug, Serialize)]
struct Contact {
    name: String,
    url: String,
}

#[derive(Clone, Debug, Serialize)]
struct License {
    name: String,
    identifier: String,
}

impl Info {
    /// Title and version: `Info::new("Blog", env!("CARGO_PKG_VERSION"))`.
    #[must_use]
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: None,
            contact: None,
            license: None,
        }
    }

    /// Sets the description; it may be `CommonMark`.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets name and URL of the contact.
    #[must_use]
    pub fn with_contact(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        let (name, url) = (name.into(), url.into());
        self.contact = Some(Contact { name, url });
        self
    }

    /// Sets the licence, as an SPDX expression: `Apache-2.0`.
    #[must_use]
    pub fn with_license(mut self, spdx: impl Into<String>) -> Self {
        let identifier = spdx.into();
        let name = identifier.clone();
        self.license = Some(License { name, identifier });
        self
    }
}

impl Default for Info {
    fn default() -> Self {
        Self::new("API", "0.1.0")
    }
}
