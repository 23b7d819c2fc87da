//! One registered path, and where in a request's path its parameters stand.

use std::sync::Arc;

use crate::request::settings::Settings;

/// A registered path, shared by all its requests.
#[derive(Debug)]
pub(crate) struct Route {
    /// As it was registered: `/posts/{id}/`.
    pub(crate) pattern: String,
    /// In the order of the path.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) settings: Arc<Settings>,
}

impl Route {
    pub(crate) fn new(pattern: String, settings: Arc<Settings>) -> Self {
        Self {
            parameters: Parameter::all(&pattern).collect(),
            pattern,
            settings,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }
}

/// A parameter is a whole segment of the path, so that it is found by counting slashes, and only
/// when it is asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// So many slashes stand before it.
    slashes: usize,
    /// Does it take the rest of the path, `{*name}`?
    is_rest: bool,
}

impl Parameter {
    /// Those of a pattern.
    pub(crate) fn all(pattern: &str) -> impl Iterator<Item = Self> {
        let segments = pattern.split('/').enumerate();
        segments.filter_map(|(slashes, segment)| {
            let name = Self::name_in(segment)?;
            let (name, is_rest) = match name.strip_prefix('*') {
                Some(name) => (name, true),
                None => (name, false),
            };
            Some(Self {
                name: name.to_owned(),
                slashes,
                is_rest,
            })
        })
    }

    /// What stands between the braces of a segment.
    pub(crate) fn name_in(segment: &str) -> Option<&str> {
        segment.strip_prefix('{')?.strip_suffix('}')
    }

    /// Its value in a path that was routed here.
    #[inline]
    pub(crate) fn of<'p>(&self, path: &'p str) -> &'p str {
        let mut start = 0;
        let mut left = self.slashes;
        for (at, byte) in path.bytes().enumerate() {
            match (byte, left) {
                (b'/', 0) if self.is_rest => break,
                (b'/', 0) => return &path[start..at],
                (b'/', _) => (left, start) = (left - 1, at + 1),
                _ => {}
            }
        }
        &path[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_a_path() {
        let values = |pattern, path| {
            let all = Parameter::all(pattern);
            let values: Vec<_> = all.map(|parameter| parameter.of(path).to_owned()).collect();
            values.join(" ")
        };
        assert_eq!(values("/a/{b}/c/{d}/", "/a/1/c/2/"), "1 2");
        assert_eq!(values("/{a}/{*rest}", "/x/y//z"), "x y//z");
        assert_eq!(values("/{a}", "/x/"), "x");
        assert_eq!(values("/a", "/a"), "");
    }
}
