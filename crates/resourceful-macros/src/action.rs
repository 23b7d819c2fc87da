//! Expands `#[action(POST, "publish")]` inside a `#[resource]` block.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, PatType, Token,
    Type, parse_quote,
};

use crate::case::camel_case;
use crate::doc_comments;
use crate::errors;
use crate::hooks;

/// Error message for a wrong signature.
const EXPECTED_SIGNATURE: &str = "an action needs the signature `async fn(&self, request: \
                                  &Request[, item: Subject][, input: Input]) -> Result<..>`; an item makes it \
                                  an action of an item: an `id`, a subject of another hook, or the only \
                                  parameter with `#[action(POST, \"publish\", detail)]`";

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Generic types that are always an item: those of the library and of `resourceful_db`.
const SUBJECTS: [&str; 3] = ["Unchecked", "Found", "ItemId"];

/// Arguments of `#[action(..)]`.
struct Args {
    method: Ident,
    path: LitStr,
    /// Whether it is an action of an item, whatever its parameters are called.
    is_detail: bool,
}

/// The item in the signature of a standard hook.
pub(crate) struct HookItem {
    pub(crate) ty: Type,
    /// Whether it is called `id`: its type is that of a bare id.
    is_id: bool,
}

impl HookItem {
    /// The item, which is the second parameter after `&self`.
    pub(crate) fn of(hook: &ImplItemFn) -> Option<Self> {
        match hook.sig.inputs.iter().nth(2)? {
            FnArg::Typed(parameter) => Some(Self {
                ty: (*parameter.ty).clone(),
                is_id: is_id(&parameter.pat),
            }),
            FnArg::Receiver(_) => None,
        }
    }
}

/// An extra action and the parts of its signature.
struct ExtraAction<'f> {
    function: &'f ImplItemFn,
    args: Args,
    request: &'f Type,
    /// Type of the item; `None` for an action of the collection.
    item: Option<&'f Type>,
    input: Option<&'f Type>,
    /// Variants of the error type that the hook returns.
    errors: Option<Vec<Ident>>,
}

/// Moves the extra actions out of the block and adds `extra_actions` to it. Returns the code
/// beside the block: the hooks as inherent functions, and a type for each action. `default` is the `#[errors(..)]`
/// of the block.
pub(crate) fn extract(
    block: &mut ItemImpl,
    items: &[HookItem],
    default: Option<&[Ident]>,
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
        let expanded = take_args(function).and_then(|args| {
            let errors = errors::take(&mut function.attrs)?;
            let errors = errors.or_else(|| default.map(<[Ident]>::to_vec));
            let extra = ExtraAction::parse(function, args, items, errors, &block.self_ty)?;
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
        fn extra_actions(
            actions: &mut impl ::resourceful::ExtraActions<Self, ::resourceful::Caller<Self>>,
        ) {
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

pub(crate) fn is_action(attribute: &Attribute) -> bool {
    attribute.path().is_ident("action")
}

/// Removes the attribute from its function and parses it.
fn take_args(function: &mut ImplItemFn) -> Result<Args, Error> {
    let index = function.attrs.iter().position(is_action);
    let attribute = function
        .attrs
        .remove(index.expect("the function was found by this attribute"));
    let args: Args = attribute.parse_args().map_err(|error| {
        let message = "an action needs a method and a path: `#[action(POST, \"publish\")]`";
        Error::new(error.span(), message)
    })?;
    if METHODS.iter().any(|known| args.method == known) {
        return Ok(args);
    }
    let message = format!(
        "the method of an action must be one of {}",
        METHODS.join(", ")
    );
    Err(Error::new(args.method.span(), message))
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let method: Ident = input.parse()?;
        input.parse::<Token![,]>()?;
        let path = input.parse()?;
        let mut is_detail = false;
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let argument: Ident = input.parse()?;
            if argument != "detail" {
                return Err(Error::new(argument.span(), "expected `detail`"));
            }
            is_detail = true;
        }
        Ok(Self {
            method,
            path,
            is_detail,
        })
    }
}

impl<'f> ExtraAction<'f> {
    /// `items` are those of the standard hooks.
    fn parse(
        function: &'f ImplItemFn,
        args: Args,
        items: &[HookItem],
        errors: Option<Vec<Ident>>,
        self_type: &Type,
    ) -> Result<Self, Error> {
        let signature = &function.sig;
        let wrong_signature = || Error::new_spanned(signature, EXPECTED_SIGNATURE);
        if signature.asyncness.is_none() || hooks::output(function).is_none() {
            return Err(wrong_signature());
        }
        let mut inputs = signature.inputs.iter();
        let (Some(FnArg::Receiver(_)), Some(FnArg::Typed(request))) =
            (inputs.next(), inputs.next())
        else {
            return Err(wrong_signature());
        };
        let others: Vec<_> = inputs
            .filter_map(|input| match input {
                FnArg::Typed(parameter) => Some(parameter),
                FnArg::Receiver(_) => None,
            })
            .collect();
        let (item, input) = match others[..] {
            [] if !args.is_detail => (None, None),
            [only] if args.is_detail || is_item(only, items, self_type)? => (Some(&*only.ty), None),
            [only] => (None, Some(&*only.ty)),
            [item, input] => (Some(&*item.ty), Some(&*input.ty)),
            _ => return Err(wrong_signature()),
        };
        Ok(Self {
            function,
            args,
            request: &request.ty,
            item,
            input,
            errors,
        })
    }

    /// Name of the generated type.
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
        // `Self` is the action's own type in its `impl`.
        let own = |tokens: &dyn ToTokens| without_self(tokens.to_token_stream(), self_type);
        let ident = &self.function.sig.ident;
        let hook = ident.to_string();
        let doc = doc_comments::text(&self.function.attrs);
        let type_doc = format!("The action `{hook}`, for clients.");
        let Args { method, path, .. } = &self.args;
        let (constructor, target, item) = match self.item {
            Some(item) => (
                quote!(on_item),
                own(&quote_spanned!(item.span()=> ::resourceful::OnItem<#item>)),
                quote!(::resourceful::OnItem(item)),
            ),
            None => (
                quote!(on_collection),
                quote!(::resourceful::OnCollection),
                quote!(_),
            ),
        };
        let (input_type, input) = self.input();
        let input_type = own(&input_type);
        let arguments = [
            self.item.map(|_| quote!(, item)),
            self.input.map(|_| quote!(, input)),
        ];
        let arguments = arguments.iter().flatten();
        let (output, conversion) = self.output();
        let output = own(&output);
        let error = own(&hooks::error_type(self.function));
        let request = own(self.request);
        let trait_path = quote!(::resourceful::ResourceAction<#self_type>);
        let errors = self.errors.iter();
        let errors = errors.map(|names| errors::of_type(names, name, &trait_path));
        let (errors, check): (Vec<_>, Vec<_>) = errors.unzip();
        quote! {
            #(#check)*

            #[doc = #type_doc]
            #[derive(Clone, Copy, Debug)]
            pub struct #name;

            impl ::resourceful::ResourceAction<#self_type> for #name {
                const SPEC: &'static ::resourceful::ActionSpec = &::resourceful::ActionSpec::#constructor(
                    #hook,
                    ::resourceful::hidden::Method::#method,
                    #path,
                );
                const DOC: &'static str = #doc;
                #(#errors)*
                type Caller = ::resourceful::Caller<#self_type>;
                type Target = #target;
                type Input = #input_type;
                type Output = #output;
                type Error = #error;

                async fn run(
                    resource: &#self_type,
                    request: #request,
                    #item: #target,
                    #input: #input_type,
                ) -> ::core::result::Result<#output, #error> {
                    resource.#ident(request #(#arguments)*).await #conversion
                }
            }
        }
    }

    /// Type of the input, and the pattern that unwraps it.
    fn input(&self) -> (TokenStream, TokenStream) {
        let has_body = ["POST", "PUT", "PATCH"]
            .iter()
            .any(|method| self.args.method == method);
        let kind = match self.input {
            None => return (quote!(::resourceful::NoInput), quote!(_)),
            Some(_) if has_body => quote!(::resourceful::BodyInput),
            Some(_) => quote!(::resourceful::QueryInput),
        };
        let input = self.input;
        (quote!(#kind<#input>), quote!(#kind(input)))
    }

    /// Type of the output, and the conversion from the hook's result.
    fn output(&self) -> (TokenStream, TokenStream) {
        let output = hooks::value_type(self.function).unwrap_or_default();
        if output.to_string() == "()" {
            let conversion = quote!(.map(|()| ::resourceful::NoContent));
            return (quote!(::resourceful::NoContent), conversion);
        }
        (output, TokenStream::new())
    }
}

/// The tokens with the type of the resource for `Self`.
fn without_self(tokens: TokenStream, self_type: &Type) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(ident) if ident == "Self" => self_type.to_token_stream(),
        TokenTree::Group(group) => {
            let stream = without_self(group.stream(), self_type);
            let mut replaced = Group::new(group.delimiter(), stream);
            replaced.set_span(group.span());
            TokenTree::Group(replaced).into()
        }
        token => token.into(),
    };
    tokens.into_iter().map(replace).collect()
}

/// Whether the only parameter of an action is an item: an id by its name, a subject by its type, or a subject of
/// another hook.
fn is_item(parameter: &PatType, items: &[HookItem], self_type: &Type) -> Result<bool, Error> {
    let name = |ty: &Type| without_self(ty.to_token_stream(), self_type).to_string();
    let is_subject = |name: &&str| hooks::generics(&parameter.ty, name).len() == 1;
    if is_id(&parameter.pat) || SUBJECTS.iter().any(is_subject) {
        return Ok(true);
    }
    match items
        .iter()
        .find(|item| name(&item.ty) == name(&parameter.ty))
    {
        Some(item) if item.is_id => {
            let message = "this parameter has the type of an item's id: if it is the id, call it `id` (or `_id`)";
            Err(Error::new(parameter.ty.span(), message))
        }
        item => Ok(item.is_some()),
    }
}

/// Whether the parameter is called `id` or `_id`.
fn is_id(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(pattern) if pattern.ident == "id" || pattern.ident == "_id")
}
