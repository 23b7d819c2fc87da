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

/// Where it may be called from, how it may look.
const SHAPE: &str = "`async fn(&self, request: &Request[, id: Id][, input: Input]) -> Result<..>`: a parameter \
                     called `id` makes it an action of an item";

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What stands between the parentheses.
struct Said {
    method: Ident,
    path: LitStr,
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

/// Takes the extra actions out of the block, and makes `extra_actions` of them. What is left
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
    if functions.is_empty() {
        return TokenStream::new();
    }
    let mut names = Vec::new();
    let mut items = Vec::new();
    for function in &mut functions {
        match expand(function, &block.self_ty, id) {
            Ok((name, tokens)) => {
                names.push(name);
                items.push(tokens);
            }
            Err(error) => errors.push(error),
        }
    }
    if hooks::find(block, "extra_actions").is_none() {
        block.items.push(parse_quote! {
            fn extra_actions(actions: &mut impl ::resourceful::ExtraActions<Self>) {
                #(actions.add::<#names>();)*
            }
        });
    }
    let self_type = &block.self_ty;
    let (generics, _, wheres) = block.generics.split_for_impl();
    quote! {
        #[allow(clippy::unused_async)]
        impl #generics #self_type #wheres { #(#functions)* }
        #(#items)*
    }
}

fn is_action(attribute: &Attribute) -> bool {
    attribute.path().is_ident("action")
}

/// The name of the action's type, and the type.
fn expand(
    function: &mut ImplItemFn,
    self_type: &Type,
    id: Option<&Type>,
) -> Result<(Ident, TokenStream), Error> {
    let at = function
        .attrs
        .iter()
        .position(is_action)
        .expect("it has been found by it");
    let attribute = function.attrs.remove(at);
    let Said { method, path } = attribute.parse_args().map_err(|error| {
        Error::new(
            error.span(),
            "an action says its method and its path: `#[action(POST, \"publish\")]`",
        )
    })?;
    if !METHODS.iter().any(|known| method == known) {
        let message = format!("the method of an action is one of {}", METHODS.join(", "));
        return Err(Error::new(method.span(), message));
    }
    let signature = &function.sig;
    if signature.asyncness.is_none() || hooks::output(function).is_none() {
        return Err(Error::new_spanned(
            signature,
            format!("an action is {SHAPE}"),
        ));
    }
    let inputs: Vec<_> = signature.inputs.iter().collect();
    let [FnArg::Receiver(_), FnArg::Typed(_), own @ ..] = &inputs[..] else {
        return Err(Error::new_spanned(
            signature,
            format!("an action is {SHAPE}"),
        ));
    };
    let (item, input) = match own {
        [] => (None, None),
        [FnArg::Typed(only)] if is_id(&only.pat) => (Some(&*only.ty), None),
        [FnArg::Typed(only)] => (None, Some(&*only.ty)),
        [FnArg::Typed(item), FnArg::Typed(input)] if is_id(&item.pat) => {
            (Some(&*item.ty), Some(&*input.ty))
        }
        _ => {
            return Err(Error::new_spanned(
                signature,
                format!("an action is {SHAPE}"),
            ));
        }
    };
    if item.is_none() && input.is_some() && input == id {
        let message = "is this the id of an item? Then call it `id` (or `_id`)";
        return Err(Error::new_spanned(&inputs[2], message));
    }

    let ident = &signature.ident;
    let name = format_ident!(
        "{}{}",
        last_name(self_type)?,
        camel_case(&ident.to_string()),
        span = ident.span()
    );
    let text = texts::of(&function.attrs);
    let called = ident.to_string();
    let (place, target, target_pattern) = match item {
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
    let is_body = ["POST", "PUT", "PATCH"]
        .iter()
        .any(|with_body| method == with_body);
    let (input_type, input_pattern) = match input {
        Some(body) if is_body => (
            quote!(::resourceful::BodyInput<#body>),
            quote!(::resourceful::BodyInput(input)),
        ),
        Some(query) => (
            quote!(::resourceful::QueryInput<#query>),
            quote!(::resourceful::QueryInput(input)),
        ),
        None => (quote!(::resourceful::NoInput), quote!(_)),
    };
    let arguments = [item.map(|_| quote!(, id)), input.map(|_| quote!(, input))];
    let arguments = arguments.iter().flatten();
    let output = hooks::value_type(function).expect("it has an output");
    let error = hooks::error_type(function).expect("it has an output");
    let is_nothing =
        syn::parse2::<Type>(output.clone()).is_ok_and(|output| output == parse_quote!(()));
    let (output, answer) = match is_nothing {
        true => (
            quote!(::resourceful::NoContent),
            quote!(.map(|()| ::resourceful::NoContent)),
        ),
        false => (output, quote!()),
    };
    let about = format!(
        "The action `{called}` of [`{}`], for clients.",
        last_name(self_type)?
    );
    Ok((
        name.clone(),
        quote! {
            #[doc = #about]
            #[derive(Clone, Copy, Debug)]
            pub struct #name;

            impl ::resourceful::ExtraAction<#self_type> for #name {
                const EXTRA: &'static ::resourceful::Extra =
                    &::resourceful::Extra::#place(#called, ::resourceful::hidden::Method::#method, #path);
                const TEXT: &'static str = #text;
                type Target = #target;
                type Input = #input_type;
                type Output = #output;
                type Error = #error;

                async fn run(
                    resource: &#self_type,
                    request: &::resourceful::Request,
                    #target_pattern: #target,
                    #input_pattern: #input_type,
                ) -> ::core::result::Result<#output, #error> {
                    resource.#ident(request #(#arguments)*).await #answer
                }
            }
        },
    ))
}

/// A parameter called `id` is the item's.
fn is_id(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(pattern) if pattern.ident == "id" || pattern.ident == "_id")
}

fn last_name(self_type: &Type) -> Result<&Ident, Error> {
    match self_type {
        Type::Path(path)
            if path
                .path
                .segments
                .last()
                .is_some_and(|last| last.arguments.is_none()) =>
        {
            Ok(&path
                .path
                .segments
                .last()
                .expect("it has just been seen")
                .ident)
        }
        _ => Err(Error::new(
            self_type.span(),
            "a generic resource writes its extra actions by hand: see `ExtraAction`",
        )),
    }
}
