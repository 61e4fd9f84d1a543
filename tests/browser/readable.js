(() => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const opaque = (colour) => channels(colour).length < 4 || channels(colour)[3] === 1;
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return opaque(colour) ? colour : ground(element.parentElement);
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, style")) continue;
    const shades = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => a - b);
    if ((shades[1] + 0.05) / (shades[0] + 0.05) < 4.5) faint.add(element.className || element.tagName);
  }
  return { faint: [...faint], wider: document.documentElement.scrollWidth - innerWidth };
})();
