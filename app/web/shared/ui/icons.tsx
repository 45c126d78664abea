import type { ReactNode } from "react";

// Drawn for this app on a 24 grid, one stroke width; always beside a word, never instead of one.
const icon = (paths: ReactNode) => {
  // biome-ignore lint/correctness/noComponentHookFactories: made once, as the module loads.
  const Icon = ({ size = 24 }: { readonly size?: number }) => (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {paths}
    </svg>
  );
  return Icon;
};

export const CupIcon = icon(<path d="M4 9h12v5a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5V9Zm12 1h2a2.5 2.5 0 0 1 0 5h-2M8 3v2m4-2v2" />);
export const TicketIcon = icon(<path d="M5 3h14v18l-2.3-1.6L14.4 21 12 19.4 9.6 21l-2.3-1.6L5 21V3Zm4 5h6m-6 4h6" />);
export const WalletIcon = icon(
  <path d="M3 7.5A2.5 2.5 0 0 1 5.500 5H18v3M3 7.500V17a2 2 0 0 0 2 2h15a1 1 0 0 0 1-1V9a1 1 0 0 0-1-1H5.500A2.500 2.500 0 0 1 3 7.500ZM17 13.500h.01" />,
);
export const PersonIcon = icon(<path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.500 8.500a7.500 7.500 0 0 1 15 0" />);
export const CheckIcon = icon(<path d="m4.500 12.500 5 5 10-11" />);
export const CrossIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const ClockIcon = icon(<path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-14v5l3.500 2" />);
export const ShieldIcon = icon(
  <path d="M12 3 4.500 6v6c0 4.500 3.200 7.700 7.500 9 4.300-1.300 7.500-4.500 7.500-9V6L12 3Zm-3.500 9 2.500 2.500 4.500-5" />,
);
export const SnowIcon = icon(
  <path d="M12 3v18M4.200 7.500l15.600 9M19.800 7.500l-15.600 9M9.500 4.500 12 7l2.500-2.500M9.500 19.500 12 17l2.500 2.500" />,
);
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const MinusIcon = icon(<path d="M5 12h14" />);
export const BackIcon = icon(<path d="M15 5l-7 7 7 7" />);
export const LeafIcon = icon(<path d="M5 20c0-9 5-15 15-16 0 10-5 15-12 15M5 20c2-5 5-8 9-10" />);
export const CardIcon = icon(<path d="M3 6.500h18v11H3v-11Zm0 4h18M6.500 14.500h3" />);
export const OfflineIcon = icon(
  <path d="M3 3l18 18M5 12.500a10 10 0 0 1 4-2.400M2 9a15 15 0 0 1 4.500-2.800M12 5c4 0 7.500 1.500 10 4M15.500 10.600a10 10 0 0 1 3.500 1.900M9 16a4.500 4.500 0 0 1 6 0M12 19.500h.01" />,
);
export const SearchIcon = icon(<path d="M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4 4" />);
export const GiftIcon = icon(
  <path d="M4 11h16v9H4v-9Zm-1-4h18v4H3V7Zm9 0v13M12 7S10.500 3 8 3a2 2 0 0 0 0 4h4Zm0 0s1.500-4 4-4a2 2 0 0 1 0 4h-4Z" />,
);
export const SpeakIcon = icon(<path d="M4 9.500h3.500L12 5v14l-4.500-4.500H4v-5ZM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />);
