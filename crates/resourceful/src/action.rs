//! What a request means to a resource: HTTP methods come in, [`Action`]s go on.

use std::fmt;

use http::Method;
use http::header::HeaderValue;

/// One of the things a client can do with a resource: the six that every resource may have, or
/// one of its own.
///
/// | action | request |
/// |---|---|
/// | `List` | `GET` collection |
/// | `Create` | `POST` collection |
/// | `Retrieve` | `GET` item |
/// | `Update` | `PUT` item |
/// | `PartialUpdate` | `PATCH` item |
/// | `Destroy` | `DELETE` item |
/// | `Extra` | what [`#[action]`](macro@crate::handler::resource#extra-actions) says |
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
    /// An action of the resource's own.
    Extra(&'static ActionSpec),
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
            Self::Extra(extra) => extra.method.clone(),
        }
    }

    /// Is it addressed to one item rather than to the collection?
    ///
    /// # Examples
    /// ```
    /// assert!(!resourceful::Action::Create.is_detail());
    /// ```
    #[must_use]
    pub fn is_detail(self) -> bool {
        match self {
            Self::List | Self::Create => false,
            Self::Extra(extra) => extra.is_detail,
            _ => true,
        }
    }

    /// Does it only read (RFC 9110 section 9.2.1)?
    ///
    /// # Examples
    /// ```
    /// assert!(!resourceful::Action::Destroy.is_safe());
    /// ```
    #[must_use]
    pub fn is_safe(self) -> bool {
        match self {
            Self::List | Self::Retrieve => true,
            Self::Extra(extra) => extra.method.is_safe(),
            _ => false,
        }
    }

    /// Its place in a set of actions; extra ones are not in any.
    const fn bit(self) -> u8 {
        match self {
            Self::List => 1,
            Self::Create => 1 << 1,
            Self::Retrieve => 1 << 2,
            Self::Update => 1 << 3,
            Self::PartialUpdate => 1 << 4,
            Self::Destroy => 1 << 5,
            Self::Extra(_) => 0,
        }
    }
}

/// An action of a resource's own, as `#[action(POST, "publish")]` makes it.
///
/// # Examples
/// ```
/// use resourceful::{Action, ActionSpec};
/// use http::Method;
///
/// static PUBLISH: ActionSpec = ActionSpec::on_item("publish", Method::POST, "publish");
/// assert_eq!(Action::Extra(&PUBLISH).to_string(), "publish");
/// assert!(!Action::Extra(&PUBLISH).is_safe());
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ActionSpec {
    name: &'static str,
    method: Method,
    path: &'static str,
    is_detail: bool,
}

impl ActionSpec {
    /// An action of one item: `POST /posts/7/publish`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::ActionSpec;
    /// static PUBLISH: ActionSpec = ActionSpec::on_item("publish", http::Method::POST, "publish");
    /// ```
    #[must_use]
    pub const fn on_item(name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            method,
            path,
            is_detail: true,
        }
    }

    /// An action of the collection: `GET /posts/recent`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::ActionSpec;
    /// static RECENT: ActionSpec = ActionSpec::on_collection("recent", http::Method::GET, "recent");
    /// ```
    #[must_use]
    pub const fn on_collection(name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            method,
            path,
            is_detail: false,
        }
    }

    /// The name of the hook.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the collection or the item; empty for the collection or the item itself.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Is the target one item?
    #[must_use]
    pub const fn is_detail(&self) -> bool {
        self.is_detail
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
            Self::Extra(extra) => extra.name,
        })
    }
}

/// A set of the six actions: the hooks that a resource has.
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
            bits |= first.bit();
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
        self.0 & action.bit() != 0
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
