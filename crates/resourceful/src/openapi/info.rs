//! What an API says of itself as a whole.

use serde::Serialize;

/// How an API is called in its document, and who answers for it.
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
    /// Its title and its version: `Info::new("Blog", env!("CARGO_PKG_VERSION"))`.
    ///
    /// # Examples
    /// ```
    /// let info = resourceful::Info::new("Blog", env!("CARGO_PKG_VERSION"));
    /// ```
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

    /// What it is about; may be `CommonMark`.
    ///
    /// # Examples
    /// ```
    /// let info = resourceful::Info::new("Blog", "1.0.0").with_description("*Posts.*");
    /// ```
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Who answers for it, and a page where they are reached.
    ///
    /// # Examples
    /// ```
    /// let info = resourceful::Info::new("Blog", "1.0.0").with_contact("Us", "https://example.org");
    /// ```
    #[must_use]
    pub fn with_contact(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        let (name, url) = (name.into(), url.into());
        self.contact = Some(Contact { name, url });
        self
    }

    /// Its licence, as an SPDX expression: `Apache-2.0`.
    ///
    /// # Examples
    /// ```
    /// let info = resourceful::Info::new("Blog", "1.0.0").with_license("MIT OR Apache-2.0");
    /// ```
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
