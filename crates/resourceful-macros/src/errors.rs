//! Expands `#[errors(NotFound, Conflict)]` on a hook.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, ImplItem, ItemImpl, Token, parse_quote};

use crate::hooks;

/// Moves `#[errors(..)]` of the hooks into `const ERRORS`. `default` is that of the block, for hooks without their
/// own. Returns the code that makes the compiler check it.
pub(crate) fn add_const(
    block: &mut ItemImpl,
    trait_path: &TokenStream,
    default: Option<&[Ident]>,
    errors: &mut Vec<Error>,
) -> TokenStream {
    let mut hooks = Vec::new();
    let mut checks = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let is_hook = function.sig.asyncness.is_some() && function.sig.ident != "ready";
        let default = default.filter(|_| is_hook).map(<[Ident]>::to_vec);
        match take(&mut function.attrs).map(|names| names.or(default)) {
            Ok(None) => {}
            Ok(Some(names)) => {
                let hook = function.sig.ident.to_string();
                let texts = names.iter().map(Ident::to_string);
                hooks.push(quote!((#hook, &[#(#texts),*])));
                checks.push(check(&names, &quote!(<Self as #trait_path>::Error)));
            }
            Err(error) => errors.push(error),
        }
    }
    if hooks.is_empty() || hooks::has_const(block, "ERRORS") {
        return TokenStream::new();
    }
    block.items.push(parse_quote! {
        const ERRORS: ::resourceful::HookErrors = {
            #(#checks)*
            ::resourceful::HookErrors::new(&[#(#hooks),*])
        };
    });
    // The constant of a generic type is evaluated when the type is used.
    let self_type = &block.self_ty;
    let is_generic = !block.generics.params.is_empty();
    (!is_generic)
        .then(|| quote!(const _: ::resourceful::HookErrors = <#self_type as #trait_path>::ERRORS;))
        .into_token_stream()
}

/// Removes the attribute from those of a function or a block, and returns its names.
pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Option<Vec<Ident>>, Error> {
    let is_errors = |attribute: &Attribute| attribute.path().is_ident("errors");
    let Some(index) = attributes.iter().position(is_errors) else {
        return Ok(None);
    };
    let attribute = attributes.remove(index);
    let names = attribute.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated);
    match names {
        Ok(names) => Ok(Some(names.into_iter().collect())),
        Err(error) => {
            let message =
                "`#[errors(..)]` takes names of variants: `#[errors(NotFound, Conflict)]`";
            Err(Error::new(error.span(), message))
        }
    }
}

/// `const ERRORS` of the type that a hook becomes, and the code beside its implementation that makes the
/// compiler check it.
pub(crate) fn of_type(
    names: &[Ident],
    type_name: &Ident,
    trait_path: &TokenStream,
) -> (TokenStream, TokenStream) {
    let texts = names.iter().map(Ident::to_string);
    let check = check(names, &quote!(<Self as #trait_path>::Error));
    let list = quote!(::core::option::Option<&'static [&'static str]>);
    let constant = quote! {
        const ERRORS: #list = {
            #check
            ::core::option::Option::Some(&[#(#texts),*])
        };
    };
    (
        constant,
        quote!(const _: #list = <#type_name as #trait_path>::ERRORS;),
    )
}

/// Statements that do not compile if a name is no variant of the error type.
fn check(names: &[Ident], error: &TokenStream) -> TokenStream {
    let checks = names.iter().map(|ident| {
        let name = ident.to_string();
        quote_spanned! {ident.span()=>
            if !::resourceful::hidden::has_variant::<#error>(#name) {
                ::core::panic!("{}", <#error as ::resourceful::Problems>::UNKNOWN_VARIANT);
            }
        }
    });
    quote!(#(#checks)*)
}
