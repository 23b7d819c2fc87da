//! `#[action(POST, "publish")]` inside a `#[resource]` block.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, Token, Type,
    parse_quote,
};

use crate::hooks;
use crate::names::camel_case;
use crate::texts;

/// How an action may look.
const SHAPE: &str = "an action is `async fn(&self, request: &Request[, id: Id][, input: Input]) -> \
                     Result<..>`: a parameter called `id` makes it an action of an item";

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What stands between the parentheses.
struct Said {
    method: Ident,
    path: LitStr,
}

/// A hook that is an extra action.
struct Extra<'f> {
    function: &'f ImplItemFn,
    said: Said,
    /// The type of the item's id, if it is an action of an item.
    id: Option<&'f Type>,
    input: Option<&'f Type>,
}

/// Takes the extra actions out of the block, and makes `extra_actions` of them. What belongs
/// beside the block is returned: the hooks as functions of the type, and a type for each action.
pub(crate) fn take(
    block: &mut ItemImpl,
    id: Option<&Type>,
    errors: &mut Vec<Error>,
) -> TokenStream {
    let mut functions = Vec::new();
    block.items.retain(|item| match item {
        ImplItem::Fn(function) if function.attrs.iter().any(is_action) => {
            functions.push(function.clone());
            false
        }
        _ => true,
    });
    let mut names = Vec::new();
    let mut types = Vec::new();
    for function in &mut functions {
        let expanded = said(function).and_then(|said| {
            let extra = Extra::read(function, said, id)?;
            let name = extra.name(&block.self_ty)?;
            Ok((extra.expand(&name, &block.self_ty), name))
        });
        match expanded {
            Ok((tokens, name)) => {
                types.push(tokens);
                names.push(name);
            }
            Err(error) => errors.push(error),
        }
    }
    if functions.is_empty() {
        return TokenStream::new();
    }
    block.items.push(parse_quote! {
        fn extra_actions(actions: &mut impl ::resourceful::ExtraActions<Self>) {
            #(actions.add::<#names>();)*
        }
    });
    let self_type = &block.self_ty;
    quote! {
        #[allow(clippy::unused_async)]
        impl #self_type { #(#functions)* }
        #(#types)*
    }
}

fn is_action(attribute: &Attribute) -> bool {
    attribute.path().is_ident("action")
}

/// Takes the attribute off its function.
fn said(function: &mut ImplItemFn) -> Result<Said, Error> {
    let at = function.attrs.iter().position(is_action);
    let attribute = function
        .attrs
        .remove(at.expect("it was found by its attribute"));
    let said: Said = attribute.parse_args().map_err(|error| {
        let message = "an action says its method and its path: `#[action(POST, \"publish\")]`";
        Error::new(error.span(), message)
    })?;
    if METHODS.iter().any(|known| said.method == known) {
        return Ok(said);
    }
    let message = format!("the method of an action is one of {}", METHODS.join(", "));
    Err(Error::new(said.method.span(), message))
}

impl Parse for Said {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let method: Ident = input.parse()?;
        input.parse::<Token![,]>()?;
        let path = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { method, path })
    }
}

impl<'f> Extra<'f> {
    /// `known` is the type of the ids of this resource, as far as it is written.
    fn read(function: &'f ImplItemFn, said: Said, known: Option<&Type>) -> Result<Self, Error> {
        let signature = &function.sig;
        let wrong = || Error::new_spanned(signature, SHAPE);
        if signature.asyncness.is_none() || hooks::output(function).is_none() {
            return Err(wrong());
        }
        let inputs: Vec<_> = signature.inputs.iter().collect();
        let (id, input) = match inputs[..] {
            [FnArg::Receiver(_), FnArg::Typed(_)] => (None, None),
            [FnArg::Receiver(_), FnArg::Typed(_), FnArg::Typed(only)] if is_id(&only.pat) => {
                (Some(&*only.ty), None)
            }
            [FnArg::Receiver(_), FnArg::Typed(_), FnArg::Typed(only)] => (None, Some(&*only.ty)),
            [
                FnArg::Receiver(_),
                FnArg::Typed(_),
                FnArg::Typed(id),
                FnArg::Typed(input),
            ] if is_id(&id.pat) => (Some(&*id.ty), Some(&*input.ty)),
            _ => return Err(wrong()),
        };
        if id.is_none() && input.is_some() && input == known {
            let message = "is this the id of an item? Then call it `id` (or `_id`)";
            return Err(Error::new(input.span(), message));
        }
        Ok(Self {
            function,
            said,
            id,
            input,
        })
    }

    /// What its type is called.
    fn name(&self, self_type: &Type) -> Result<Ident, Error> {
        if let Type::Path(path) = self_type
            && let Some(last) = path.path.segments.last()
            && last.arguments.is_none()
        {
            let hook = &self.function.sig.ident;
            let (resource, hook) = (&last.ident, camel_case(&hook.to_string()));
            return Ok(format_ident!("{resource}{hook}"));
        }
        let message = "a generic resource writes its extra actions by hand: see `ResourceAction`";
        Err(Error::new(self_type.span(), message))
    }

    fn expand(&self, name: &Ident, self_type: &Type) -> TokenStream {
        let ident = &self.function.sig.ident;
        let called = ident.to_string();
        let text = texts::of(&self.function.attrs);
        let about = format!("The action `{called}`, for clients.");
        let Said { method, path } = &self.said;
        let (place, target, id) = match self.id {
            Some(id) => (
                quote!(on_item),
                quote!(::resourceful::OnItem<#id>),
                quote!(::resourceful::OnItem(id)),
            ),
            None => (
                quote!(on_collection),
                quote!(::resourceful::OnCollection),
                quote!(_),
            ),
        };
        let (input_type, input) = self.input();
        let arguments = [
            self.id.map(|_| quote!(, id)),
            self.input.map(|_| quote!(, input)),
        ];
        let arguments = arguments.iter().flatten();
        let (output, answer) = self.output();
        let error = hooks::error_type(self.function);
        quote! {
            #[doc = #about]
            #[derive(Clone, Copy, Debug)]
            pub struct #name;

            impl ::resourceful::ResourceAction<#self_type> for #name {
                const SPEC: &'static ::resourceful::ActionSpec = &::resourceful::ActionSpec::#place(
                    #called,
                    ::resourceful::hidden::Method::#method,
                    #path,
                );
                const DOC: &'static str = #text;
                type Target = #target;
                type Input = #input_type;
                type Output = #output;
                type Error = #error;

                async fn run(
                    resource: &#self_type,
                    request: &::resourceful::Request,
                    #id: #target,
                    #input: #input_type,
                ) -> ::core::result::Result<#output, #error> {
                    resource.#ident(request #(#arguments)*).await #answer
                }
            }
        }
    }

    /// The type of the input, and the pattern that takes it apart.
    fn input(&self) -> (TokenStream, TokenStream) {
        let has_body = ["POST", "PUT", "PATCH"]
            .iter()
            .any(|method| self.said.method == method);
        let kind = match self.input {
            None => return (quote!(::resourceful::NoInput), quote!(_)),
            Some(_) if has_body => quote!(::resourceful::BodyInput),
            Some(_) => quote!(::resourceful::QueryInput),
        };
        let input = self.input;
        (quote!(#kind<#input>), quote!(#kind(input)))
    }

    /// The type of the answer, and how it is made of what the hook returns.
    fn output(&self) -> (TokenStream, TokenStream) {
        let output = hooks::value_type(self.function).unwrap_or_default();
        if output.to_string() == "()" {
            let answer = quote!(.map(|()| ::resourceful::NoContent));
            return (quote!(::resourceful::NoContent), answer);
        }
        (output, TokenStream::new())
    }
}

/// A parameter called `id` is the item's.
fn is_id(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(pattern) if pattern.ident == "id" || pattern.ident == "_id")
}
