//! Expands `requires_idempotency_key(..)` and `accepts_idempotency_key(..)` of `#[resource]`.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Ident, ImplItemFn, ItemImpl, parse_quote};

use crate::action::is_action;
use crate::hooks;

/// The hooks without an effect.
const READS: [&str; 2] = ["list", "retrieve"];

/// The actions that read `Idempotency-Key`.
#[derive(Default)]
pub(crate) struct IdempotencyKeys {
    required: Vec<Ident>,
    accepted: Vec<Ident>,
}

impl IdempotencyKeys {
    /// Parses an argument, if it is one of the two.
    pub(crate) fn parse(&mut self, meta: &ParseNestedMeta<'_>) -> Result<bool, Error> {
        let actions = if meta.path.is_ident("requires_idempotency_key") {
            &mut self.required
        } else if meta.path.is_ident("accepts_idempotency_key") {
            &mut self.accepted
        } else {
            return Ok(false);
        };
        meta.parse_nested_meta(|action| {
            actions.push(action.path.require_ident()?.clone());
            Ok(())
        })?;
        Ok(true)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.required.is_empty() && self.accepted.is_empty()
    }

    /// Reports names that are no actions with an effect. The actions are still in the block.
    pub(crate) fn check(&self, block: &ItemImpl) -> Vec<Error> {
        let all = self.required.iter().chain(&self.accepted);
        let wrong = all.clone().filter_map(|name| {
            let function = hooks::find(block, &name.to_string());
            let message = match function.filter(|function| function.sig.asyncness.is_some()) {
                None => format!("there is no action `{name}` here"),
                Some(function) if is_read(function) => {
                    format!("`{name}` has no effect, so it needs no idempotency key")
                }
                Some(_) if all.clone().filter(|other| *other == name).count() > 1 => {
                    format!("`{name}` is named twice")
                }
                Some(_) => return None,
            };
            Some(Error::new(name.span(), message))
        });
        wrong.collect()
    }

    /// Adds the names, and the function that finds the responses.
    pub(crate) fn complete(&self, block: &mut ItemImpl) {
        let Some(first) = self.required.iter().chain(&self.accepted).next() else {
            return;
        };
        let names = |idents: &[Ident]| -> Vec<_> { idents.iter().map(Ident::to_string).collect() };
        let (required, accepted) = (names(&self.required), names(&self.accepted));
        block.items.push(parse_quote! {
            const IDEMPOTENT: ::resourceful::hidden::IdempotentActions =
                ::resourceful::hidden::IdempotentActions::new(&[#(#required),*], &[#(#accepted),*]);
        });
        // A missing `Idempotency` is reported at the first action that needs it.
        let span = first.span().resolved_at(Span::call_site());
        let keys = quote::quote_spanned! {span=>
            <Self as ::core::convert::AsRef<
                ::resourceful_idempotency::Idempotency<::resourceful::Caller<Self>>,
            >>::as_ref(self)
        };
        block.items.push(parse_quote! {
            fn idempotency(
                &self,
            ) -> ::core::option::Option<&dyn ::resourceful::hidden::Once<::resourceful::Caller<Self>>> {
                ::core::option::Option::Some(#keys)
            }
        });
    }
}

/// Whether the hook is that of a safe method.
fn is_read(function: &ImplItemFn) -> bool {
    let is_get = |attribute: &Attribute| {
        let tokens = attribute
            .meta
            .require_list()
            .map(|list| list.tokens.clone());
        let first = tokens.ok().and_then(|tokens| tokens.into_iter().next());
        first.is_some_and(|method| method.to_string() == "GET")
    };
    match function.attrs.iter().find(|attribute| is_action(attribute)) {
        Some(action) => is_get(action),
        None => READS.iter().any(|read| function.sig.ident == read),
    }
}
