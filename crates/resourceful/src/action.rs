//! The actions of a resource. Routing maps HTTP methods to [`Action`]s.

use std::fmt;

use http::Method;
use http::header::HeaderValue;

/// An action on a resource: one of the six standard actions, or an extra action.
///
/// | action | request |
/// |---|---|
/// | `List` | `GET` collection |
/// | `Create` | `POST` collection |
/// | `Retrieve` | `GET` item |
/// | `Update` | `PUT` item |
/// | `PartialUpdate` | `PATCH` item |
/// | `Destroy` | `DELETE` item |
/// | `Extra` | what [`#[action]`](macro@crate::resource#extra-actions) declares |
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
    /// An extra action of the resource.
    Extra(&'static ActionSpec),
}

impl Action {
    /// The six standard actions, those of the collection first.
    pub const ALL: [Self; 6] = [
        Self::List,
        Self::Create,
        Self::Retrieve,
        Self::Update,
        Self::PartialUpdate,
        Self::Destroy,
    ];

    /// The name, the method and the target.
    pub(crate) const fn spec(self) -> &'static ActionSpec {
        static LIST: ActionSpec = ActionSpec::on_collection("list", Method::GET, "");
        static CREATE: ActionSpec = ActionSpec::on_collection("create", Method::POST, "");
        static RETRIEVE: ActionSpec = ActionSpec::on_item("retrieve", Method::GET, "");
        static UPDATE: ActionSpec = ActionSpec::on_item("update", Method::PUT, "");
        static PARTIAL_UPDATE: ActionSpec =
            ActionSpec::on_item("partial_update", Method::PATCH, "");
        static DESTROY: ActionSpec = ActionSpec::on_item("destroy", Method::DELETE, "");
        match self {
            Self::List => &LIST,
            Self::Create => &CREATE,
            Self::Retrieve => &RETRIEVE,
            Self::Update => &UPDATE,
            Self::PartialUpdate => &PARTIAL_UPDATE,
            Self::Destroy => &DESTROY,
            Self::Extra(spec) => spec,
        }
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(self) -> Method {
        self.spec().method.clone()
    }

    /// Whether the action is on an item, not on the collection.
    #[must_use]
    pub fn is_detail(self) -> bool {
        self.spec().is_detail
    }

    /// Whether the method is safe (RFC 9110 section 9.2.1).
    #[must_use]
    pub fn is_safe(self) -> bool {
        self.spec().method.is_safe()
    }

    /// The bit in a set of actions; extra actions have none.
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

/// An extra action, as `#[action(POST, "publish")]` declares it.
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
    /// An action on an item: `POST /posts/7/publish`.
    #[must_use]
    pub const fn on_item(name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            method,
            path,
            is_detail: true,
        }
    }

    /// An action on the collection: `GET /posts/recent`.
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

/// The name of the hook: `partial_update`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

/// A set of standard actions: the hooks of a resource.
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
    /// A set of these actions.
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

    /// Whether the set has the action.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & action.bit() != 0
    }

    /// The actions of the set, those of the collection first.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .into_iter()
            .filter(move |action| self.contains(*action))
    }
}

/// The value of `Allow` for a path with these methods: adds `OPTIONS`, and `HEAD` to `GET`.
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
    fn a_set_has_the_given_actions() {
        let all = Actions::of(&Action::ALL);
        assert!(Action::ALL.into_iter().all(|action| all.contains(action)));
        assert_eq!(Actions::of(&[]).iter().next(), None);
    }
}
