// /openapi.json for people: every operation with its parameters, answer, errors and a command to try.

const { paths, components } = await (await fetch("/openapi.json")).json();

const element = (tag, text = "", children = []) => {
  const made = document.createElement(tag);
  made.textContent = text.replaceAll("`", "");
  made.append(...children);
  return made;
};

const resolve = (schema) => ("$ref" in schema ? components.schemas[schema.$ref.split("/").at(-1)] : schema);

const typeName = (schema) => {
  const real = resolve(schema);
  if (real.anyOf) return real.anyOf.map(typeName).join(" or ");
  if (real.type === "array") return `list of ${typeName(real.items)}`;
  return real.format ?? real.contentMediaType ?? (real.type === "object" ? (real.title ?? "object") : real.type);
};

// [[name, what to know of it], …] → a description list
const list = (title, rows) =>
  rows.length === 0 ? [] : [
    element("h4", title),
    element("dl", "", rows.flatMap(([name, about]) => [element("dt", name), element("dd", about)])),
  ];

const about = (schema, description, required) =>
  [typeName(schema), required ? "required" : "", description ?? ""].filter(Boolean).join(" · ");

// The fields of an object, and those of the objects in it: items[].name
const fields = (schema, prefix = "") => {
  const { properties = {}, required = [] } = resolve(schema);
  return Object.entries(properties).flatMap(([name, field]) => {
    const inner = field.type === "array" ? resolve(field.items) : resolve(field);
    const path = `${prefix}${name}`;
    return [
      [path, about(field, field.description, prefix === "" && required.includes(name) && schema.isRequest)],
      ...(inner.properties ? fields(inner, `${path}${field.type === "array" ? "[]" : ""}.`) : []),
    ];
  });
};

const curl = (method, path, form, body) => {
  const files = Object.entries(form ? (resolve(form).properties ?? {}) : {}).filter(([name]) => name.startsWith("photo"));
  const parts = [
    "curl",
    method === "get" || (method === "post" && (form || body)) ? "" : `-X ${method.toUpperCase()}`,
    ...files.map(([name]) => `-F ${name}=@photo.jpg`),
    body ? "--json '{…}'" : "",
    `${location.origin}${path}`,
  ];
  return parts.filter(Boolean).join(" ");
};

const operation = (path, method, { description, parameters = [], requestBody, responses }) => {
  const heading = element("h3", path);
  heading.prepend(Object.assign(element("span", method.toUpperCase()), { className: "method" }));
  const form = requestBody?.content["multipart/form-data"]?.schema;
  const body = requestBody?.content["application/json"]?.schema;
  const [status, right] = Object.entries(responses).find(([status]) => status < "300");
  const answer = right.content?.["application/json"]?.schema;
  const errors = Object.entries(responses).filter(([status]) => status >= "300");
  return element("section", "", [
    heading,
    element("p", description),
    ...list("Parameters", parameters.map((p) => [p.name, about(p.schema, p.description, p.required)])),
    ...list("Form fields", form ? fields({ ...resolve(form), isRequest: true }) : []),
    ...list("JSON fields", body ? fields({ ...(body.anyOf?.map(resolve).find(({ properties }) => properties) ?? resolve(body)), isRequest: true }) : []),
    ...list("Answer", answer ? fields(answer) : [[status, Object.keys(right.content ?? {}).join(", ") || right.description]]),
    ...list("Otherwise", errors.map(([status, { description }]) => [status, description])),
    element("pre", curl(method, path, form, body)),
  ]);
};

document.getElementById("operations").append(
  ...Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operation(path, method, described)),
  ),
);
