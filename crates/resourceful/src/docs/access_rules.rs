//! [`AccessRules`]: the callers of each route, for a review.

use std::fmt;

use crate::router::part::{Inheritance, Inherited};
use crate::router::{Methods, Registration};

/// The access rules of all routes of an application, and the items that hooks get.
///
/// [`App::access_rules`](crate::App::access_rules) lists them. As a text, each route is one line; keep it in a
/// file under version control (`assert_access_rules` of `resourceful-testing`), so that a review shows each
/// change.
///
/// # Examples
/// See [`App::access_rules`](crate::App::access_rules).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules(Vec<AccessRule>);

/// The access rules of one route.
///
/// # Examples
/// See [`App::access_rules`](crate::App::access_rules).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccessRule {
    path: String,
    method: String,
    rules: Vec<String>,
    subject: Option<String>,
}

impl AccessRule {
    /// The path as it was registered, with those of the applications around it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The method; `*` for a mounted service.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The types of the access rules: those of the applications around the route, then its own.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// The type of the [`Subject`](crate::Subject) that the hook gets; `None` if it gets no item.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }
}

/// For example `DELETE /notes/{id}: SignedIn<Sessions<User>>, OwnNote`.
impl fmt::Display for AccessRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules.join(" + ");
        write!(f, "{} {}: {rules}", self.method, self.path)?;
        match &self.subject {
            Some(subject) => write!(f, ", {subject}"),
            None => Ok(()),
        }
    }
}

impl AccessRules {
    /// The routes, sorted by path and method.
    pub fn iter(&self) -> std::slice::Iter<'_, AccessRule> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a AccessRules {
    type Item = &'a AccessRule;
    type IntoIter = std::slice::Iter<'a, AccessRule>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line for each route.
impl fmt::Display for AccessRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

/// Lists the rules of registered routes.
pub(crate) fn access_rules(registrations: &[Registration], outermost: Inherited) -> AccessRules {
    let mut inheritance = Inheritance::new(outermost);
    // A mounted service is registered at its path with and without a slash, too.
    let is_listed = |one: &&Registration| match one.methods {
        Methods::One(_) => true,
        Methods::All => one.pattern.ends_with("/{*rest}"),
    };
    let listed = registrations.iter().filter(is_listed);
    let rules = listed.map(|registration| {
        let gates = inheritance.of(&registration.parts).gates;
        let gates = gates.iter().flat_map(|gates| gates.iter());
        let endpoint = &registration.endpoint;
        let rules = gates.map(|gate| gate.rule()).chain([endpoint.rule()]);
        AccessRule {
            path: registration.pattern.clone(),
            method: match &registration.methods {
                Methods::One(method) => method.to_string(),
                Methods::All => "*".to_owned(),
            },
            rules: rules.map(short).collect(),
            subject: endpoint.subject().map(short),
        }
    });
    let mut rules: Vec<_> = rules.collect();
    rules.sort();
    AccessRules(rules)
}

/// The name of a type without the paths of its parts: `SignedIn<Keys>` of `library::SignedIn<app::Keys>`.
fn short(name: &str) -> String {
    let is_word = |character: char| character.is_alphanumeric() || "_:".contains(character);
    let mut short = String::new();
    let mut rest = name;
    while !rest.is_empty() {
        let end = rest.find(|character| !is_word(character));
        let (word, others) = rest.split_at(end.unwrap_or(rest.len()));
        short += word.rsplit("::").next().unwrap_or(word);
        let end = others.find(is_word).unwrap_or(others.len());
        let (between, others) = others.split_at(end);
        short += between;
        rest = others;
    }
    short
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn the_name_of_a_type_loses_its_paths() {
        let name = "resourceful::handler::Only<core::SignedIn<(a::b::Keys, alloc::string::String)>, app::Staff>";
        assert_eq!(short(name), "Only<SignedIn<(Keys, String)>, Staff>");
        assert_eq!(short("i64"), "i64");
        assert_eq!(short("&'static [a::B; 3]"), "&'static [B; 3]");
        assert_eq!(short("dyn a::B<C = d::E>"), "dyn B<C = E>");
    }
}
