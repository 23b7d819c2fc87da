//! Expands `#[view]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, ItemImpl, parse_quote};

use crate::doc_comments;
use crate::errors;
use crate::hooks::{self, Hook};

const HOOKS: [Hook; 5] = [
    hook("get"),
    hook("post"),
    hook("put"),
    hook("patch"),
    hook("delete"),
];

const fn hook(name: &'static str) -> Hook {
    Hook {
        name,
        parameters: &["&self", "request: Request"],
        output: "Result<Response>",
    }
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut block: ItemImpl = match syn::parse2(item) {
        Ok(block) => block,
        Err(error) => return error.to_compile_error(),
    };
    if let Some(error) = hooks::wrong_trait(&block, "AsyncView") {
        return error.to_compile_error();
    }
    let mut errors = hooks::check(&mut block, &HOOKS, &["describe"], "`AsyncView`");
    errors.extend(hooks::require_access(&mut block));
    let trait_path = quote!(::resourceful::AsyncView);
    let check = errors::add_const(&mut block, &trait_path, None, &mut errors);
    let present = || {
        HOOKS
            .iter()
            .filter_map(|hook| Some((hook, hooks::find(&block, hook.name)?)))
    };
    let methods: Vec<_> = present()
        .map(|(hook, _)| format_ident!("{}", hook.name.to_ascii_uppercase()))
        .collect();
    let error = present().find_map(|(_, function)| hooks::error_type(function));
    if !hooks::has_const(&block, "METHODS") {
        block.items.push(parse_quote! {
            const METHODS: &'static [::resourceful::hidden::Method] =
                &[#(::resourceful::hidden::Method::#methods),*];
        });
    }
    if !hooks::has_type(&block, "Error") {
        let error = error.unwrap_or_else(|| quote!(::resourceful::Error));
        block.items.push(parse_quote!(type Error = #error;));
    }
    doc_comments::add_const(&mut block, &HOOKS);
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#(#errors)* #block #check)
}
