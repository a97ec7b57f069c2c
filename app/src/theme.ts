import { useState } from 'react';

export type Theme = 'light' | 'dark';

export const present = (): Theme => {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
};

export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(present);
  return [
    theme,
    () => {
      const other = theme === 'dark' ? 'light' : 'dark';
      document.documentElement.dataset['theme'] = other;
      localStorage.setItem('proofmill.theme', other);
      setTheme(other);
    },
  ];
}
