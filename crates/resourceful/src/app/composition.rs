//! One application out of many parts: nested applications and what their routes share.

use std::any::type_name;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::App;
use crate::error::build_error::BuildError;
use crate::handler::access::Access;
use crate::handler::gate::{Checked, Gate};
use crate::openapi::{Operation, Registry};
use crate::request::Request;

impl App {
    /// Adds the routes of another application below `path`.
    ///
    /// A module returns an `App`, and the application is composed of the modules. `path` may have
    /// parameters. The inner application keeps its [`layer`](Self::layer)s,
    /// [`access`](Self::access), [`timeout`](Self::timeout), body limits and
    /// [`map_problem`](Self::map_problem), which runs before that of the outer application. Where it
    /// sets nothing, the outer application's settings apply. Its health checks, tags, start and stop
    /// hooks become those of the outer application. Its [`info`](Self::info) is not used.
    ///
    /// The operation ids of the inner application begin with the words of `path`, so that they do not
    /// change when another part is added. Settings of the server, such as
    /// [`trusted_proxies`](Self::trusted_proxies), belong to the outermost application:
    /// [`build`](Self::build) reports them.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// fn greetings() -> App {
    ///     async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
    ///     App::new().get("/hello", public(hello))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let app = App::new().nest("/v1", greetings()).nest("/v2", greetings());
    /// let client = TestClient::new(app)?;
    /// assert_eq!(client.get("/v1/hello").await.text(), "hello");
    /// assert_eq!(client.get("/v2/hello/").await.headers()["location"], "/v2/hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn nest(mut self, path: &str, inner: Self) -> Self {
        let caller = Location::caller();
        let prefix = path.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.starts_with('/') {
            let message = format!("`{path}` is no prefix: it must begin with `/`");
            self.errors.push(BuildError::new(message, &[caller]));
            return self;
        }
        for (setting, set_at) in inner.outermost_only {
            self.errors.push(BuildError::new(
                format!(
                    "`{setting}` is a setting of the outermost application, and this one is nested at `{path}`"
                ),
                &[set_at, caller],
            ));
        }
        let mut part = inner.part;
        prefix.clone_into(&mut part.prefix);
        let part = Arc::new(part);
        for mut registration in inner.registrations {
            registration.pattern.insert_str(0, prefix);
            registration.parts.insert(0, Arc::clone(&part));
            registration.is_documented &= inner.is_documented;
            self.registrations.push(registration);
        }
        self.errors.extend(inner.errors);
        self.checks.extend(inner.checks);
        self.health = self.health.or(inner.health);
        self.settings.has_health |= inner.settings.has_health;
        self.settings.mounted.extend(inner.settings.mounted);
        self.lifespan.append(inner.lifespan);
        for (tag, text) in inner.about.tags {
            self.about.tags.entry(tag).or_insert(text);
        }
        if inner.is_documented {
            self.about.changes.extend(inner.about.changes);
        }
        self.docs = self.docs.or(inner.docs);
        self
    }

    /// Requires the access `A` for all routes of this application, besides the access of each route.
    ///
    /// A group of routes is a [nested](Self::nest) application. `A` is checked first. Hooks do not get its
    /// caller: they get that of their own access.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// struct Local;
    ///
    /// impl Access<()> for Local {
    ///     type Caller = ();
    ///
    ///     async fn check(_: &(), request: &Request) -> Result<()> {
    ///         let local = request.peer().is_some_and(|peer| peer.ip().is_loopback());
    ///         if local { Ok(()) } else { Err(Error::forbidden("Only from this machine.")) }
    ///     }
    /// }
    ///
    /// async fn report(_: Request) -> Result<&'static str> { Ok("all is well") }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let internal = App::new().access::<Local>().get("/report", public(report));
    /// let client = TestClient::new(App::new().nest("/internal", internal))?;
    /// assert_eq!(client.get("/internal/report").await.status(), 403); // no socket, no peer
    /// # Ok(())
    /// # }
    /// ```
    pub fn access<A: Access<()>>(self) -> Self {
        self.access_with_state::<A, ()>(())
    }

    /// Requires the access `A`, whose checks need `state`. See [`access`](Self::access).
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// struct Networks(Vec<std::net::IpAddr>);
    /// struct Known;
    ///
    /// impl Access<Networks> for Known {
    ///     type Caller = ();
    ///
    ///     async fn check(networks: &Networks, request: &Request) -> Result<()> {
    ///         let known = request.client_ip().is_some_and(|client| networks.0.contains(&client));
    ///         if known { Ok(()) } else { Err(Error::forbidden("Your address is not known here.")) }
    ///     }
    /// }
    ///
    /// let app = App::new().access_with_state::<Known, _>(Networks(vec![]));
    /// ```
    pub fn access_with_state<A: Access<S>, S: Send + Sync + 'static>(mut self, state: S) -> Self {
        let gate = AccessGate::<A, S> {
            state,
            access: PhantomData,
        };
        self.part.gates.push(Arc::new(gate));
        self
    }

    /// Notes a setting that a nested application cannot have.
    #[track_caller]
    pub(super) fn belongs_to_outermost(&mut self, name: &'static str) {
        let caller = Location::caller();
        // `config` sets several of them.
        if self
            .outermost_only
            .last()
            .is_none_or(|(_, known)| *known != caller)
        {
            self.outermost_only.push((name, caller));
        }
    }
}

struct AccessGate<A, S> {
    state: S,
    access: PhantomData<fn() -> A>,
}

impl<A: Access<S>, S: Send + Sync + 'static> Gate for AccessGate<A, S> {
    fn check<'a>(&'a self, request: &'a Request) -> Checked<'a> {
        Box::pin(async { A::check(&self.state, request).await.map(drop) })
    }

    fn rule(&self) -> &'static str {
        type_name::<A>()
    }

    fn describe(&self, operation: &mut Operation, registry: &mut Registry) {
        operation.require_security(&A::security(&self.state, None), registry);
        operation.add_refusals::<A>(A::refusals(&self.state, None), registry);
    }
}
