//! One registered path, and where in a request's path its parameters stand.

use std::sync::Arc;

use crate::settings::Settings;

/// A path may have so many parameters; more is a mistake found by `App::build`.
pub(crate) const MAX_PARAMETERS: usize = 8;

/// A registered path, shared by all its requests.
#[derive(Debug)]
pub(crate) struct Route {
    /// As it was registered: `/posts/{id}/`.
    pub(crate) pattern: String,
    /// The parameters' names, in the order of the path.
    pub(crate) names: Vec<String>,
    pub(crate) settings: Arc<Settings>,
}

/// The values of a route's parameters, as offsets into the normalised path.
///
/// `http` limits a URI to 65,534 bytes, so 16 bits are enough.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Params {
    ranges: [(u16, u16); MAX_PARAMETERS],
    len: u8,
}

impl Params {
    /// Notes `value`, a part of `path`.
    pub(crate) fn push(&mut self, path: &str, value: &str) {
        let start = value.as_ptr() as usize - path.as_ptr() as usize;
        let range = (u16::try_from(start), u16::try_from(start + value.len()));
        if let (Ok(start), Ok(end)) = range
            && let Some(place) = self.ranges.get_mut(usize::from(self.len))
        {
            *place = (start, end);
            self.len += 1;
        }
    }

    pub(crate) fn get<'p>(&self, path: &'p str, index: usize) -> Option<&'p str> {
        let (start, end) = *self.ranges[..usize::from(self.len)].get(index)?;
        path.get(usize::from(start)..usize::from(end))
    }
}
