//! Expands `#[endpoint]`: a function whose signature is its documentation.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ImplItemFn, ItemFn, LitStr, Pat, PatType, Type};

use crate::doc_comments;
use crate::errors;
use crate::hooks;

/// Error message for a wrong signature.
const EXPECTED: &str = "`#[endpoint]` needs an `async fn(..) -> Result<..>` without generics; its parameters are \
                        `state: &T`, `request: &Request` (or `Request`), `query: T`, `body: T`, and those of the \
                        path by name";

/// The most parameters of a path: the longest tuple that `Parents` takes.
const MAX_PATH: usize = 4;

/// The parts of a signature.
#[derive(Default)]
struct Parameters<'f> {
    state: Option<&'f Type>,
    path: Vec<(&'f Ident, &'f Type)>,
    query: Option<&'f Type>,
    body: Option<&'f Type>,
    /// The caller in the type of the request, `None` if there is no request.
    caller: Option<TokenStream>,
    /// Whether the function takes the request with its body.
    takes_whole_request: bool,
    /// The arguments of a call, in the order of the signature.
    arguments: Vec<TokenStream>,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item) {
        Ok(function) => function,
        Err(error) => return Error::new(error.span(), EXPECTED).to_compile_error(),
    };
    let expanded = Names::parse(arguments).and_then(|names| expand_function(&function, &names));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

/// The arguments of the attribute, for the document.
struct Names {
    tag: LitStr,
    operation_id: LitStr,
}

impl Names {
    fn parse(arguments: TokenStream) -> Result<Self, Error> {
        let empty = || LitStr::new("", Span::call_site());
        let mut names = Self {
            tag: empty(),
            operation_id: empty(),
        };
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("tag") {
                names.tag = meta.value()?.parse()?;
            } else if meta.path.is_ident("operation_id") {
                names.operation_id = meta.value()?.parse()?;
            } else {
                return Err(
                    meta.error("the arguments are `tag = \"..\"` and `operation_id = \"..\"`")
                );
            }
            Ok(())
        });
        syn::parse::Parser::parse2(parser, arguments)?;
        Ok(names)
    }
}

fn expand_function(function: &ItemFn, names: &Names) -> Result<TokenStream, Error> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
    } = function;
    if sig.asyncness.is_none() || !sig.generics.params.is_empty() {
        return Err(Error::new_spanned(sig, EXPECTED));
    }
    let mut method: ImplItemFn = syn::parse2(quote!(#(#attrs)* #sig #block))?;
    let names_of_errors = errors::take(&mut method.attrs)?;
    let (Some(output), Some(error)) = (hooks::value_type(&method), hooks::error_type(&method))
    else {
        return Err(Error::new_spanned(sig, EXPECTED));
    };
    let parameters = Parameters::of(function)?;
    let (input, input_pattern) = parameters.input();
    let (path, path_pattern) = parameters.path();
    let path_names = parameters.path.iter().map(|(name, _)| trimmed(name));
    let arguments = &parameters.arguments;
    let mut call_sig = sig.clone();
    call_sig.ident = Ident::new("call", sig.ident.span());
    call_sig.inputs.insert(0, syn::parse_quote!(self));
    let any = |name: &str| {
        let name = format_ident!("{name}");
        let bounds = quote!(::core::marker::Send + ::core::marker::Sync + 'static);
        (quote!(#name: #bounds,), quote!(#name))
    };
    let given = |ty: TokenStream| (TokenStream::new(), ty);
    let state = parameters.state.map(|state| quote!(#state));
    let stateless = state.clone().unwrap_or_else(|| quote!(()));
    let without_caller = parameters.caller.clone().unwrap_or_else(|| quote!(()));
    let (any_state, state) = state.map_or_else(|| any("S"), given);
    let (any_caller, caller) = parameters.caller.clone().map_or_else(|| any("C"), given);
    let name = &sig.ident;
    let type_name = format_ident!("__{name}_endpoint");
    let Names { tag, operation_id } = names;
    let doc = doc_comments::text(attrs);
    let trait_path = quote!(::resourceful::EndpointFunction<#stateless, #without_caller>);
    let errors = names_of_errors.iter();
    let errors = errors.map(|names| errors::of_type(names, &type_name, &trait_path));
    let (errors, checks): (Vec<_>, Vec<_>) = errors.unzip();
    let (docs, others): (Vec<_>, Vec<_>) = method
        .attrs
        .iter()
        .partition(|one| one.path().is_ident("doc"));
    Ok(quote! {
        #(#docs)*
        #vis fn #name() -> #type_name {
            #type_name
        }

        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #vis struct #type_name;

        #[allow(clippy::unused_async)]
        impl #type_name {
            #(#others)*
            #call_sig #block
        }

        #(#checks)*

        impl ::resourceful::hidden::IsEndpoint for #type_name {}

        impl<#any_state #any_caller> ::resourceful::EndpointFunction<#state, #caller> for #type_name {
            const DOC: &'static str = #doc;
            const TAG: &'static str = #tag;
            const OPERATION_ID: &'static str = #operation_id;
            #(#errors)*
            const PARAMETERS: &'static [&'static str] = &[#(#path_names),*];
            type Path = #path;
            type Input = #input;
            type Output = #output;
            type Error = #error;

            async fn run(
                __state: &#state,
                __request: ::resourceful::Request<#caller>,
                #path_pattern: #path,
                #input_pattern: #input,
            ) -> ::core::result::Result<#output, #error> {
                #type_name.call(#(#arguments),*).await
            }
        }
    })
}

impl<'f> Parameters<'f> {
    fn of(function: &'f ItemFn) -> Result<Self, Error> {
        let mut parameters = Self::default();
        for parameter in &function.sig.inputs {
            let FnArg::Typed(parameter) = parameter else {
                return Err(Error::new_spanned(parameter, EXPECTED));
            };
            let argument = parameters.add(parameter)?;
            parameters.arguments.push(argument);
        }
        if parameters.path.len() > MAX_PATH {
            let message = format!("a function reads {MAX_PATH} parameters of its path at most");
            return Err(Error::new_spanned(&function.sig.inputs, message));
        }
        if parameters.body.is_some() && parameters.takes_whole_request {
            let message = "the body is read already: take `request: &Request`, or read the body from `Request`";
            return Err(Error::new_spanned(&function.sig.inputs, message));
        }
        Ok(parameters)
    }

    /// Notes a parameter. Returns its argument in a call.
    fn add(&mut self, parameter: &'f PatType) -> Result<TokenStream, Error> {
        let ty = &*parameter.ty;
        let twice = |what: &str| {
            Err(Error::new(
                parameter.span(),
                format!("there is a second {what}"),
            ))
        };
        if let Type::Reference(reference) = ty {
            if let Some(caller) = caller(&reference.elem) {
                return match self.caller.replace(caller) {
                    Some(_) => twice("request"),
                    None => Ok(quote!(&__request)),
                };
            }
            if self.state.replace(&reference.elem).is_some() {
                return twice("state: put both into one struct");
            }
            return Ok(quote!(__state));
        }
        if let Some(caller) = caller(ty) {
            self.takes_whole_request = true;
            return match self.caller.replace(caller) {
                Some(_) => twice("request"),
                None => Ok(quote!(__request)),
            };
        }
        let Pat::Ident(pattern) = &*parameter.pat else {
            return Err(Error::new_spanned(&parameter.pat, EXPECTED));
        };
        match &*trimmed(&pattern.ident) {
            "query" => match self.query.replace(ty) {
                Some(_) => twice("query"),
                None => Ok(quote!(__query)),
            },
            "body" => match self.body.replace(ty) {
                Some(_) => twice("body"),
                None => Ok(quote!(__body)),
            },
            name if is_body(ty) => {
                let message = format!("`{name}` would be a parameter of the path: call it `body`");
                Err(Error::new(parameter.span(), message))
            }
            _ => {
                let at = format_ident!("__path{}", self.path.len());
                self.path.push((&pattern.ident, ty));
                Ok(quote!(#at))
            }
        }
    }

    /// The type of the path parameters, and the pattern that takes it apart.
    fn path(&self) -> (TokenStream, TokenStream) {
        let types = self.path.iter().map(|(_, ty)| ty);
        let names = (0..self.path.len()).map(|at| format_ident!("__path{at}"));
        match self.path.len() {
            0 => (quote!(::resourceful::NoParent), quote!(_)),
            1 => (quote!(#(#types)*), quote!(#(#names)*)),
            _ => (
                quote!(::resourceful::Parents<(#(#types),*)>),
                quote!(::resourceful::Parents((#(#names),*))),
            ),
        }
    }

    /// The type of query and body, and the pattern that takes it apart.
    fn input(&self) -> (TokenStream, TokenStream) {
        let query = self.query.map_or_else(
            || (quote!(::resourceful::NoInput), quote!(_)),
            |ty| {
                (
                    quote!(::resourceful::QueryInput<#ty>),
                    quote!(::resourceful::QueryInput(__query)),
                )
            },
        );
        let body = match self.body {
            Some(ty) => (
                quote!(::resourceful::BodyInput<#ty>),
                quote!(::resourceful::BodyInput(__body)),
            ),
            None => return query,
        };
        if self.query.is_none() {
            return body;
        }
        let ((query, query_pattern), (body, body_pattern)) = (query, body);
        (
            quote!((#query, #body)),
            quote!((#query_pattern, #body_pattern)),
        )
    }
}

/// The name of a parameter without the underscore of an unused one.
fn trimmed(ident: &Ident) -> String {
    ident.to_string().trim_start_matches('_').to_owned()
}

/// Whether the type is written as one of a body.
fn is_body(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let name = path.path.segments.last().map(|last| &last.ident);
    name.is_some_and(|name| ["Form", "Json", "Bulk"].iter().any(|body| name == body))
}

/// The caller `C` of a type that is written as `Request<C>`, or as a path to it; `()` for `Request`.
fn caller(ty: &Type) -> Option<TokenStream> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let written = hooks::generics(ty, "Request");
    let caller = written.first().map(|caller| quote!(#caller));
    (last.ident == "Request").then(|| caller.unwrap_or_else(|| quote!(())))
}
