import createClient from "openapi-fetch";
import type { paths } from "./blog.js";

const blog = createClient<paths>({ baseUrl: process.argv[2] });
await blog.POST("/api/posts/", { body: { titel: "Hello", content: "World" } });
