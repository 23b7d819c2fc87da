//! [`Router`]: finds the endpoint of a normalised path and a method, with matchit.

pub(crate) mod part;

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use http::Method;
use http::header::HeaderValue;

use crate::action::allow;
use crate::endpoint::Endpoint;
#[cfg(feature = "tower")]
use crate::endpoint::layers::Next;
use crate::error::build_error::{BuildError, BuildErrors};
use crate::handler::gate::Gates;
use crate::proto::path::{is_path_character, normalise};
use crate::request::route::{PathParameter, Route};
use crate::request::settings::TrailingSlash;
use crate::router::part::{Inheritance, Inherited, Parts, are_same};

/// The methods that can be registered, in the order of `Allow`. `GET` also serves `HEAD`.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// An endpoint that the application registers at a path.
pub(crate) struct Registration {
    pub(crate) pattern: String,
    pub(crate) methods: Methods,
    pub(crate) endpoint: Arc<dyn Endpoint>,
    pub(crate) caller: &'static Location<'static>,
    pub(crate) parts: Parts,
    /// Whether the API document has the endpoint.
    pub(crate) is_documented: bool,
    /// Whether the endpoint is one of the library, such as a health check. The access rule of the
    /// application does not apply to it.
    pub(crate) is_built_in: bool,
}

impl Registration {
    /// Refuses a path without the parameters that the endpoint reads.
    fn check_parameters(&self) -> Result<(), String> {
        let parameters: Vec<_> = PathParameter::all(&self.pattern).collect();
        let names: Vec<_> = parameters
            .iter()
            .map(|parameter| &*parameter.name)
            .collect();
        self.endpoint.check_path(&names)
    }

    /// Refuses a mount at a path with parameters.
    fn check(&self, shape: String) -> Result<String, String> {
        match &self.methods {
            Methods::One(method) if !METHODS.contains(method) => Err(unsupported(method)),
            Methods::All if shape.contains("{}") => {
                Err("a mount has no parameters in its path".to_owned())
            }
            _ => self.check_parameters().map(|()| shape),
        }
    }
}

/// The reason why a method cannot be registered.
pub(crate) fn unsupported(method: &Method) -> String {
    format!("{method} cannot be registered; `HEAD` and `OPTIONS` come by themselves")
}

#[derive(Clone, PartialEq)]
pub(crate) enum Methods {
    One(Method),
    /// All methods, also unknown ones: for a mounted service.
    All,
}

pub(crate) struct Router {
    tree: matchit::Router<Target>,
    tables: Vec<MethodTable>,
}

#[derive(Clone, Copy)]
enum Target {
    MethodTable(usize),
    /// The path is registered with the other trailing slash.
    OtherSlash,
}

/// One registered path, with its endpoints by method.
pub(crate) struct MethodTable {
    pub(crate) route: Arc<Route>,
    /// The access rules of the applications around the path.
    pub(crate) gates: Gates,
    /// The layers around the path; `None` without any.
    #[cfg(feature = "tower")]
    pub(crate) layers: Option<Arc<[Next]>>,
    /// The value of `Allow`.
    pub(crate) allow: HeaderValue,
    by_method: [Option<Arc<dyn Endpoint>>; METHODS.len()],
    any: Option<Arc<dyn Endpoint>>,
}

pub(crate) enum Found<'r> {
    MethodTable(&'r MethodTable),
    OtherSlash,
    Nothing,
}

impl Router {
    /// # Errors
    /// Every path that is malformed or registered twice.
    pub(crate) fn new(
        registrations: Vec<Registration>,
        outermost: &Inherited,
        mut errors: Vec<BuildError>,
    ) -> Result<Self, BuildErrors> {
        // Grouped by shape (`/posts/{}`) and sorted: matchit finds some conflicts only in one
        // order.
        let mut paths: BTreeMap<String, Vec<Registration>> = BTreeMap::new();
        for registration in registrations {
            match check(&registration.pattern).and_then(|shape| registration.check(shape)) {
                Ok(shape) => paths.entry(shape).or_default().push(registration),
                Err(reason) => errors.push(BuildError::new(
                    format!("`{}` is no path: {reason}", registration.pattern),
                    &[registration.caller],
                )),
            }
        }
        let mut router = Self {
            tree: matchit::Router::new(),
            tables: Vec::new(),
        };
        let mut inheritance = Inheritance::new(outermost.clone());
        for (_, registrations) in paths {
            let mut inherited = inheritance.of(&registrations[0].parts);
            if registrations[0].is_built_in {
                inherited.gates = None;
            }
            router.insert(registrations, inherited, &mut errors);
        }
        let policy = outermost.settings.trailing_slash;
        if policy != TrailingSlash::Strict {
            router.insert_other_slashes(policy);
        }
        if errors.is_empty() {
            Ok(router)
        } else {
            Err(BuildErrors::new(errors))
        }
    }

    /// Finds the method table of a normalised path.
    #[inline]
    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        let Ok(found) = self.tree.at(path) else {
            return Found::Nothing;
        };
        match *found.value {
            Target::OtherSlash => Found::OtherSlash,
            Target::MethodTable(index) => Found::MethodTable(&self.tables[index]),
        }
    }

    fn insert(
        &mut self,
        registrations: Vec<Registration>,
        inherited: Inherited,
        errors: &mut Vec<BuildError>,
    ) {
        let first = &registrations[0];
        let (pattern, caller, parts) = (first.pattern.clone(), first.caller, first.parts.clone());
        let route = Route::new(pattern.clone(), inherited.settings);
        let mut table = MethodTable {
            route: Arc::new(route),
            #[cfg(feature = "tower")]
            layers: inherited.layers,
            gates: inherited.gates,
            allow: HeaderValue::from_static(""),
            by_method: Default::default(),
            any: None,
        };
        let mut callers: Vec<(Methods, &'static Location<'static>)> = Vec::new();
        for registration in registrations {
            if registration.pattern != pattern {
                errors.push(BuildError::new(
                    format!("`{pattern}` and `{}` are one path", registration.pattern),
                    &[caller, registration.caller],
                ));
                continue;
            }
            if !are_same(&registration.parts, &parts) {
                errors.push(BuildError::new(
                    format!("`{pattern}` is a path of two nested applications: register it in one"),
                    &[caller, registration.caller],
                ));
                continue;
            }
            let clash = callers
                .iter()
                .find(|(methods, _)| methods.overlap(&registration.methods));
            if let Some((_, other)) = clash {
                errors.push(BuildError::new(
                    format!(
                        "{} `{pattern}` is registered twice",
                        registration.methods.name()
                    ),
                    &[other, registration.caller],
                ));
                continue;
            }
            callers.push((registration.methods.clone(), registration.caller));
            table.put(registration.methods, registration.endpoint);
        }
        table.allow = allow(&table.methods());
        if let Err(conflict) = self
            .tree
            .insert(&pattern, Target::MethodTable(self.tables.len()))
        {
            errors.push(BuildError::new(
                format!("`{pattern}`: {conflict}"),
                &[caller],
            ));
        }
        self.tables.push(table);
    }

    /// Inserts each path with its trailing slash added or removed, unless that path is registered.
    fn insert_other_slashes(&mut self, policy: TrailingSlash) {
        for (index, table) in self.tables.iter().enumerate() {
            if table.any.is_some() || table.route.pattern == "/" {
                continue;
            }
            let target = match policy {
                TrailingSlash::Ignore => Target::MethodTable(index),
                _ => Target::OtherSlash,
            };
            // An error means that the other path is registered, too.
            let _ = self.tree.insert(toggle_slash(&table.route.pattern), target);
        }
    }
}

impl MethodTable {
    #[inline]
    pub(crate) fn endpoint(&self, method: &Method) -> Option<&Arc<dyn Endpoint>> {
        let endpoint = match *method {
            Method::GET | Method::HEAD => &self.by_method[0],
            Method::POST => &self.by_method[1],
            Method::PUT => &self.by_method[2],
            Method::PATCH => &self.by_method[3],
            Method::DELETE => &self.by_method[4],
            _ => &None,
        };
        endpoint.as_ref().or(self.any.as_ref())
    }

    fn put(&mut self, methods: Methods, endpoint: Arc<dyn Endpoint>) {
        let place = match methods {
            Methods::All => &mut self.any,
            Methods::One(method) => {
                let index = METHODS.iter().position(|known| *known == method);
                &mut self.by_method[index.expect("only these methods can be registered")]
            }
        };
        *place = Some(endpoint);
    }

    fn methods(&self) -> Vec<Method> {
        let served = METHODS
            .iter()
            .zip(&self.by_method)
            .filter(|(_, endpoint)| endpoint.is_some());
        served.map(|(method, _)| method.clone()).collect()
    }
}

impl Methods {
    fn overlap(&self, other: &Self) -> bool {
        self == other || *self == Self::All || *other == Self::All
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::One(method) => method.as_str(),
            Self::All => "the mount",
        }
    }
}

/// Adds the trailing slash of a path, or removes it.
pub(crate) fn toggle_slash(path: &str) -> String {
    path.strip_suffix('/')
        .map_or_else(|| format!("{path}/"), str::to_owned)
}

/// Checks a pattern and returns its shape: the pattern without the names of its parameters.
fn check(pattern: &str) -> Result<String, String> {
    let Some(rest) = pattern.strip_prefix('/') else {
        return Err("it must begin with `/`".to_owned());
    };
    let mut shape = String::new();
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        shape.push('/');
        if segment.is_empty() && segments.peek().is_some() {
            return Err("it has an empty segment".to_owned());
        }
        if segment == "." || segment == ".." {
            return Err(format!("no request has a `{segment}` segment"));
        }
        if let Some(name) = PathParameter::name_in(segment) {
            let ident = name.strip_prefix('*').unwrap_or(name);
            if ident.is_empty()
                || !ident
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            {
                return Err(format!("`{{{name}}}` is no parameter"));
            }
            shape.push_str(if name.starts_with('*') { "{*}" } else { "{}" });
        } else if segment.contains(['{', '}']) {
            return Err(format!(
                "a parameter is a whole segment, unlike `{segment}`"
            ));
        } else if let Some(bad) = segment
            .chars()
            .find(|character| !is_path_character(*character))
        {
            return Err(format!("`{bad}` must be percent-encoded"));
        } else {
            match normalise(segment) {
                Ok(normal) if normal == segment => shape.push_str(segment),
                Ok(normal) => {
                    let normal = pattern.replace(segment, &normal);
                    return Err(format!("its one spelling is `{normal}`"));
                }
                Err(_) => return Err("it has a broken percent-encoding".to_owned()),
            }
        }
    }
    let parameters: Vec<_> = PathParameter::all(pattern).collect();
    let names = || parameters.iter().map(|parameter| &parameter.name);
    let twice = names()
        .enumerate()
        .find(|(at, name)| names().take(*at).any(|other| other == *name));
    match twice {
        Some((_, name)) => Err(format!("it has two parameters `{name}`")),
        None => Ok(shape),
    }
}
