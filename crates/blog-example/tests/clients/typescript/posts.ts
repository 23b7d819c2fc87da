import createClient from "openapi-fetch";
import type { paths } from "./blog.js";

const blog = createClient<paths>({ baseUrl: process.argv[2] });

const refused = await blog.POST("/api/posts/", { body: { title: " ", content: "" } });
if (refused.error && "errors" in refused.error) {
  for (const { pointer, detail } of refused.error.errors) console.log(pointer, detail);
}

const { data: post, error } = await blog.POST("/api/posts/", {
  body: { title: "Hello", content: "World" },
});
if (!post) throw new Error(error.detail);
await blog.POST("/api/posts/{id}/publish/", { params: { path: { id: post.id } } });

const { data: page } = await blog.GET("/api/posts/");
for (const { title, slug } of page?.posts ?? []) console.log(title, slug);
