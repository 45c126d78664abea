import DefaultTheme from "vitepress/theme-without-fonts";
import "./guide.css";

// biome-ignore lint/style/noDefaultExport: VitePress takes the theme so.
export default DefaultTheme;
