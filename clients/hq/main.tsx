import { createRoot } from 'react-dom/client';
import '../styles.css';
createRoot(document.getElementById('root')!).render(<h1>Green Lines Hub</h1>);
