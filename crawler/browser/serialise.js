// The page as it stands, as HTML without scripts: shadow trees in place of their hosts' children, frames behind theirs.
// Runs in an isolated world: what the page's own scripts did to prototypes does not reach it.
(limit, bodyOnly) => {
  const VOID = new Set(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]);
  const RAW = new Set(["style", "xmp", "noembed", "noframes", "plaintext"]);
  const DATA = /json|^text\/(?!javascript|ecmascript|babel|jsx|typescript)|template/i;
  const OWN_META = /^(content-type|refresh|content-security-policy)$/i;
  const parts = [];
  let size = 0;
  let cut = false;
  const put = (text) => {
    size += text.length;
    if (size > limit) { cut = true; throw new Error("limit"); }
    parts.push(text);
  };
  const escapeText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const escapeValue = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");
  const isName = (name) => /^[^\s"'<>\/=\u0000-\u001f]+$/.test(name);

  const leftOut = (element, tag) => {
    if (tag === "noscript") return true;
    if (tag === "script") return !(element.type && DATA.test(element.type)) || element.src !== "";
    if (tag === "meta") return element.hasAttribute("charset") || OWN_META.test(element.httpEquiv);
    return false;
  };
  const children = (parent) => { for (let n = parent.firstChild; n; n = n.nextSibling) write(n); };
  const frame = (element) => {
    let inside = null;
    try { inside = element.contentDocument; } catch (error) { /* another origin */ }
    if (inside && inside.body) {
      put(`<div data-frame="${escapeValue(element.getAttribute("src") || "")}">`);
      children(inside.body);
      put("</div>");
    }
  };
  const write = (node) => {
    if (node.nodeType === 3) {
      const parent = node.parentNode && node.parentNode.localName;
      put(RAW.has(parent) || parent === "script" ? node.data : escapeText(node.data));
      return;
    }
    if (node.nodeType !== 1) return;
    const tag = node.localName;
    if (leftOut(node, tag) || !isName(tag)) return;
    put(`<${tag}`);
    for (const { name, value } of node.attributes) if (isName(name)) put(` ${name}="${escapeValue(value)}"`);
    put(">");
    if (tag === "head") put('<meta charset="utf-8">');
    if (VOID.has(tag)) return;
    if (tag === "iframe" || tag === "frame") {
      put(`</${tag}>`);
      frame(node);
      return;
    }
    if (tag === "template") children(node.content);
    else if (node.shadowRoot) children(node.shadowRoot);
    else if (tag === "slot" && node.assignedNodes().length) node.assignedNodes().forEach(write);
    else if (tag === "textarea") put(escapeText(node.value));
    else children(node);
    put(`</${tag}>`);
  };
  try {
    if (bodyOnly) {
      if (document.body) children(document.body);
    } else {
      put("<!DOCTYPE html>");
      write(document.documentElement);
    }
  } catch (error) {
    if (!cut) throw error;
  }
  return { html: parts.join(""), cut, url: document.URL };
}
