//! [`Part`]: the settings that an application gives its routes, and [`Inherited`]: those of all
//! applications around a route.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tower")]
use crate::endpoint::layers::Next;
use crate::handler::gate::{Gate, Gates};
use crate::input::Codings;
use crate::request::settings::{ProblemHook, Settings};

/// The settings that every application has for its own routes. Those of an outer application apply
/// where a nested one has none.
#[derive(Clone, Default)]
pub(crate) struct Part {
    /// The path at which the application is nested; empty for the outermost one.
    pub(crate) prefix: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body_size: Option<u64>,
    pub(crate) body_read_timeout: Option<Duration>,
    pub(crate) min_body_rate: Option<u64>,
    pub(crate) codings: Option<Codings>,
    pub(crate) map_problem: Option<ProblemHook>,
    pub(crate) gates: Vec<Arc<dyn Gate>>,
    #[cfg(feature = "tower")]
    pub(crate) layers: Option<Next>,
}

impl Part {
    /// Changes the settings of the outer application into those of this one.
    pub(crate) fn apply(&self, settings: &mut Settings) {
        if let Some(timeout) = self.timeout {
            settings.timeout = timeout;
        }
        if let Some(max_body_size) = self.max_body_size {
            settings.max_body_size = max_body_size;
        }
        if let Some(timeout) = self.body_read_timeout {
            settings.body_limits.chunk_timeout = timeout;
        }
        if let Some(rate) = self.min_body_rate {
            settings.body_limits.min_rate = rate;
        }
        if let Some(codings) = self.codings {
            settings.codings = codings;
        }
        settings.nesting += self.prefix.matches('/').count();
        settings.map_problem = match (self.map_problem.clone(), settings.map_problem.take()) {
            (Some(inner), Some(outer)) => Some(Arc::new(move |error, problem| {
                outer(error, inner(error, problem))
            })),
            (inner, outer) => inner.or(outer),
        };
    }
}

/// The applications around a route, the outermost first, without the outermost of all.
pub(crate) type Parts = Vec<Arc<Part>>;

/// The settings, access rules and layers that a route has from the applications around it.
#[derive(Clone)]
pub(crate) struct Inherited {
    pub(crate) settings: Arc<Settings>,
    pub(crate) gates: Gates,
    /// The layers, the outermost application's first; `None` without any.
    #[cfg(feature = "tower")]
    pub(crate) layers: Option<Arc<[Next]>>,
}

impl Inherited {
    /// Returns those of the outermost application's own routes.
    pub(crate) fn outermost(settings: Settings, part: &Part) -> Self {
        let empty = Self {
            settings: Arc::new(settings),
            gates: None,
            #[cfg(feature = "tower")]
            layers: None,
        };
        empty.in_part(part)
    }

    fn in_part(&self, part: &Part) -> Self {
        let mut settings = (*self.settings).clone();
        part.apply(&mut settings);
        Self {
            settings: Arc::new(settings),
            gates: appended(self.gates.as_ref(), part.gates.iter()),
            #[cfg(feature = "tower")]
            layers: appended(self.layers.as_ref(), part.layers.iter()),
        }
    }
}

/// Computes [`Inherited`] once for all routes of the same parts.
pub(crate) struct Inheritance {
    outermost: Inherited,
    known: HashMap<Vec<*const Part>, Inherited>,
}

impl Inheritance {
    pub(crate) fn new(outermost: Inherited) -> Self {
        Self {
            outermost,
            known: HashMap::new(),
        }
    }

    pub(crate) fn of(&mut self, parts: &Parts) -> Inherited {
        if parts.is_empty() {
            return self.outermost.clone();
        }
        let inherited = self.known.entry(addresses(parts)).or_insert_with(|| {
            let outermost = self.outermost.clone();
            parts
                .iter()
                .fold(outermost, |outer, part| outer.in_part(part))
        });
        inherited.clone()
    }
}

/// The elements of an outer application, then those of an inner one; `None` without any.
fn appended<'p, T: Clone + 'p>(
    outer: Option<&Arc<[T]>>,
    inner: impl Iterator<Item = &'p T>,
) -> Option<Arc<[T]>> {
    let outer = outer.into_iter().flat_map(|outer| outer.iter());
    let all: Vec<_> = outer.cloned().chain(inner.cloned()).collect();
    (!all.is_empty()).then(|| all.into())
}

/// Whether two routes are in the same parts.
pub(crate) fn are_same(parts: &Parts, others: &Parts) -> bool {
    addresses(parts) == addresses(others)
}

fn addresses(parts: &Parts) -> Vec<*const Part> {
    parts.iter().map(Arc::as_ptr).collect()
}
