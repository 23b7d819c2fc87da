//! What a request means to a resource: HTTP methods come in, [`Action`]s go on.

use std::fmt;

use http::Method;
use http::header::HeaderValue;

/// One of the six things a client can do with a resource.
///
/// | action | request |
/// |---|---|
/// | `List` | `GET` collection |
/// | `Create` | `POST` collection |
/// | `Retrieve` | `GET` item |
/// | `Update` | `PUT` item |
/// | `PartialUpdate` | `PATCH` item |
/// | `Destroy` | `DELETE` item |
///
/// # Examples
/// ```
/// use resourceful::Action;
/// assert_eq!(Action::PartialUpdate.method(), http::Method::PATCH);
/// assert!(Action::Retrieve.is_safe());
/// assert_eq!(Action::Destroy.to_string(), "destroy");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `GET` of the collection.
    List,
    /// `POST` to the collection.
    Create,
    /// `GET` of an item.
    Retrieve,
    /// `PUT` to an item.
    Update,
    /// `PATCH` of an item.
    PartialUpdate,
    /// `DELETE` of an item.
    Destroy,
}

impl Action {
    /// All six, those of the collection first.
    ///
    /// # Examples
    /// ```
    /// assert!(resourceful::Action::ALL.iter().all(|action| !action.to_string().is_empty()));
    /// ```
    pub const ALL: [Self; 6] = [
        Self::List,
        Self::Create,
        Self::Retrieve,
        Self::Update,
        Self::PartialUpdate,
        Self::Destroy,
    ];

    /// The HTTP method that asks for it.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Action::List.method(), http::Method::GET);
    /// ```
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::List | Self::Retrieve => Method::GET,
            Self::Create => Method::POST,
            Self::Update => Method::PUT,
            Self::PartialUpdate => Method::PATCH,
            Self::Destroy => Method::DELETE,
        }
    }

    /// Is it addressed to one item rather than to the collection?
    ///
    /// # Examples
    /// ```
    /// assert!(!resourceful::Action::Create.is_on_item());
    /// ```
    #[must_use]
    pub fn is_on_item(self) -> bool {
        !matches!(self, Self::List | Self::Create)
    }

    /// Does it only read (RFC 9110 section 9.2.1)?
    ///
    /// # Examples
    /// ```
    /// assert!(!resourceful::Action::Destroy.is_safe());
    /// ```
    #[must_use]
    pub fn is_safe(self) -> bool {
        matches!(self, Self::List | Self::Retrieve)
    }
}

/// The hook's name: `partial_update`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Retrieve => "retrieve",
            Self::Update => "update",
            Self::PartialUpdate => "partial_update",
            Self::Destroy => "destroy",
        })
    }
}

/// A set of actions: the hooks that a resource has.
///
/// # Examples
/// ```
/// use resourceful::{Action, Actions};
/// const ACTIONS: Actions = Actions::of(&[Action::List, Action::Create]);
/// assert!(ACTIONS.contains(Action::List));
/// assert!(!ACTIONS.contains(Action::Destroy));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions(u8);

impl Actions {
    /// The set of these.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Action, Actions};
    /// assert_eq!(Actions::of(&[Action::List]).iter().count(), 1);
    /// ```
    #[must_use]
    pub const fn of(actions: &[Action]) -> Self {
        let mut bits = 0;
        let mut rest = actions;
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = others;
        }
        Self(bits)
    }

    /// Is it one of them?
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Action, Actions};
    /// assert!(!Actions::of(&[]).contains(Action::List));
    /// ```
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    /// Each of them, those of the collection first.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Action, Actions};
    /// let actions = Actions::of(&[Action::Destroy, Action::List]);
    /// assert!(actions.iter().eq([Action::List, Action::Destroy]));
    /// ```
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .into_iter()
            .filter(move |action| self.contains(*action))
    }
}

/// The value of `Allow` for a path that serves these methods: `HEAD` where `GET` is, and
/// `OPTIONS`.
pub(crate) fn allow(methods: &[Method]) -> HeaderValue {
    let mut names = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    HeaderValue::from_str(&names.join(", ")).expect("method names are tokens")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_adds_head_and_options() {
        assert_eq!(
            allow(&[Method::GET, Method::POST]),
            "GET, HEAD, POST, OPTIONS"
        );
        assert_eq!(
            allow(&[Method::PUT, Method::DELETE]),
            "PUT, DELETE, OPTIONS"
        );
    }

    #[test]
    fn a_set_holds_what_it_was_given() {
        let all = Actions::of(&Action::ALL);
        assert!(Action::ALL.into_iter().all(|action| all.contains(action)));
        assert_eq!(Actions::of(&[]).iter().next(), None);
    }
}
