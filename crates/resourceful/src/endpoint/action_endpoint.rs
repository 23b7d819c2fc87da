//! [`ActionEndpoint`]: an action of a resource as an endpoint.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

use crate::body::Body;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::endpoint::{once, operation};
use crate::error::Result;
use crate::handler::conditional;
use crate::handler::idempotency::{self, Attempt, KeyRule, Once};
use crate::handler::parent::Parent;
use crate::handler::resource::{AsyncResource, Caller};
use crate::handler::resource_action::{ActionInput, ActionTarget, ResourceAction};
use crate::openapi::{Operation, Registry};
use crate::proto::negotiate::check_accept;
use crate::request::head::Head;
use crate::request::{Request, nothing_here};
use crate::response::location::Base;
use crate::response::reply::Reply;
use crate::response::representation::Representation;
use crate::task::running::{Place, Running};

/// The action `A` of the resource `R`: a standard or an extra action.
pub(crate) struct ActionEndpoint<R, A> {
    resource: Arc<R>,
    /// The requests of the resource that run; `None` without a limit.
    running: Option<Arc<Running>>,
    action: PhantomData<fn() -> A>,
}

impl<R: AsyncResource, A: ResourceAction<R, Caller = Caller<R>>> ActionEndpoint<R, A> {
    /// The treatment of `Idempotency-Key`; `None` if the action does not read it.
    const KEY_RULE: Option<KeyRule> = R::IDEMPOTENT.rule(A::ACTION);

    pub(crate) fn new(resource: Arc<R>, running: Option<Arc<Running>>) -> Self {
        const {
            if let Some(control) = R::CACHE_CONTROL {
                // It refuses a text that cannot be in a field.
                std::mem::forget(HeaderValue::from_static(control));
            }
            assert!(
                A::SPEC.is_detail() == <A::Target as ActionTarget<R, Caller<R>>>::IS_ITEM,
                "`SPEC` and `Target` disagree: one is an item, the other is the collection"
            );
            assert!(
                !R::REQUIRE_IF_MATCH || !R::CONDITIONS.are_ignored(),
                "`REQUIRE_IF_MATCH` needs `fn validators`, or `fn version` of a model resource"
            );
        };
        Self {
            resource,
            running,
            action: PhantomData,
        }
    }

    async fn run(
        &self,
        request: &Request<Caller<R>>,
        (key, input): <Self as TypedEndpoint>::Input,
    ) -> Result<A::Output> {
        let target = A::Target::find(&self.resource, request, key).await?;
        A::check(&self.resource, request).await?;
        let result = A::run(&self.resource, request, target, input).await;
        let output = result.map_err(Into::into)?;
        conditional::check_read::<R>(A::ACTION, request)?;
        Ok(output)
    }

    /// Runs the action, unless the response to an earlier attempt is kept.
    async fn once(
        &self,
        keys: &dyn Once<Caller<R>>,
        attempt: Attempt,
        request: Request<Caller<R>>,
        input: <Self as TypedEndpoint>::Input,
    ) -> Result<Reply> {
        let head = request.head();
        let work = async {
            let output = self.run(&request, input).await;
            let reply = output.and_then(|output| self.respond(output, head));
            once::response(reply, head)
        };
        let response = keys.attempt(attempt, Box::pin(work)).await?;
        self.resource.committed(&request).await;
        Ok(Reply::from(response.map(Body::from)))
    }
}

impl<R, A> TypedEndpoint for ActionEndpoint<R, A>
where
    R: AsyncResource,
    A: ResourceAction<R, Caller = Caller<R>>,
{
    type Access = R::Access;
    type State = R;
    type Input = (<A::Target as ActionTarget<R, Caller<R>>>::Key, A::Input);
    type Output = A::Output;

    fn timeout(&self) -> Option<Duration> {
        R::TIMEOUT
    }

    fn check_path(&self, parameters: &[&str]) -> Result<(), String> {
        let needed = <R::Parent as Parent>::COUNT + usize::from(A::SPEC.is_detail());
        if parameters.len() >= needed {
            return Ok(());
        }
        Err(format!(
            "it has {} of the {needed} parameters that the parent and the id of the resource need",
            parameters.len()
        ))
    }

    fn subject(&self) -> Option<&'static str> {
        A::Target::subject()
    }

    fn describe(&self, registry: &mut Registry) -> Option<Operation> {
        Some(operation::of_action::<R, A>(&self.resource, registry))
    }

    fn accept(&self, request: &mut Request) -> Result<()> {
        request.set_action(A::ACTION);
        let count = <R::Parent as Parent>::COUNT;
        if count > 0 {
            let segments = request.segments(count, usize::from(A::SPEC.is_detail()));
            let parent = R::Parent::parse(&segments).ok_or_else(nothing_here)?;
            request.head().notes().set_parent(parent);
        }
        match A::Output::MEDIA_TYPE {
            Some(media_type) => check_accept(request.headers(), media_type),
            None => Ok(()),
        }
    }

    fn state(&self) -> &R {
        &self.resource
    }

    async fn read(&self, request: &mut Request) -> Result<Self::Input> {
        if let Some(rule) = Self::KEY_RULE {
            idempotency::read(rule, request)?;
        }
        let key = A::Target::key(request)?;
        let max_body_size = R::MAX_BODY_SIZE.unwrap_or(request.settings().max_body_size);
        Ok((key, A::Input::read(request, max_body_size).await?))
    }

    async fn call(&self, request: Request<Caller<R>>, input: Self::Input) -> Result<A::Output> {
        self.run(&request, input).await
    }

    fn respond(&self, mut output: A::Output, head: &Head) -> Result<Reply> {
        let action = Some(A::ACTION);
        output.place(&Base { head, action });
        conditional::finish::<R>(output.represent(StatusCode::OK)?, A::ACTION, head)
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` stores its arguments twice"
    )]
    fn answer(
        &self,
        request: Request<Caller<R>>,
        input: Self::Input,
        head: &Head,
    ) -> impl Future<Output = Result<Reply>> + Send {
        async move {
            // Before a transaction is open, which others wait for.
            let _place = Place::of(self.running.as_ref()).await?;
            if Self::KEY_RULE.is_some()
                && let Some(keys) = self.resource.idempotency()
                && let Some(attempt) = Attempt::of::<R>(&request, A::ACTION, keys)
            {
                // Boxed, because other requests should not have a place for it.
                return Box::pin(self.once(keys, attempt, request, input)).await;
            }
            // `call` would move the request into another future, which costs a list 3,400 instructions.
            let output = self.run(&request, input).await?;
            self.respond(output, head)
        }
    }
}
